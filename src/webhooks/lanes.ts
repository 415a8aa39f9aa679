/** How many messages one process sends to one endpoint at once. */
const LANE_WIDTH = 4;
const WAIT_MILLISECONDS_MIN = 250;

/** A lane for each endpoint, so that a slow one holds up nobody but itself. */
export interface Lanes {
  /**
   * Enters the lane of an endpoint.
   *
   * @returns how to leave it, or where it is full, when to come again: each caller gets an instant of
   *   its own, as far apart as the endpoint has been slow
   */
  enter(endpointId: string, now: Date): (() => void) | Date;
}

interface Lane {
  busy: number;
  /** When the last who was turned away is to come. */
  lastTurn: number;
  /** How long the endpoint took lately. */
  milliseconds: number;
}

/**
 * Makes the lanes of one process.
 *
 * @param monotonic - a clock that runs in real time, since sockets do
 */
export function createLanes(monotonic: () => number = () => performance.now()): Lanes {
  const lanes = new Map<string, Lane>();
  return {
    enter(endpointId, now) {
      const lane = lanes.get(endpointId) ?? { busy: 0, lastTurn: 0, milliseconds: 0 };
      lanes.set(endpointId, lane);
      if (lane.busy >= LANE_WIDTH) {
        const apart = Math.max(lane.milliseconds / LANE_WIDTH, WAIT_MILLISECONDS_MIN);
        lane.lastTurn = Math.max(lane.lastTurn, now.getTime()) + Math.ceil(apart);
        return new Date(lane.lastTurn);
      }
      const began = monotonic();
      lane.busy += 1;
      return () => {
        lane.busy -= 1;
        lane.milliseconds = monotonic() - began;
        // Nobody is in it and nobody was sent away until later: it can be made anew.
        if (lane.busy === 0 && lane.lastTurn <= now.getTime()) lanes.delete(endpointId);
      };
    },
  };
}

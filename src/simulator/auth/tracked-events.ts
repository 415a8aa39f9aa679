import { DAY, nowOf, type Clock } from '../../base/clock.ts';
import { keepNewest } from '../bounded-map.ts';
import type { Flow } from './grant.ts';

/** How far a user has come on the way to the bank and back. */
export type TrackedEventName =
  | 'dialog_started'
  | 'provider_selected'
  | 'consent_granted'
  | 'provider_auth_started'
  | 'provider_authorized'
  | 'code_exchanged';

/** What was known of the connection when an event happened. */
export interface TrackedSubject {
  readonly providerId: string | null;
  readonly credentialsId: string | null;
  readonly consentId: string | null;
}

/** One event of a flow. */
export interface TrackedEvent extends TrackedSubject {
  readonly name: TrackedEventName;
  readonly at: Date;
  readonly flow: Flow;
}

/** The events of flows whose link bore a `tracking_id`. */
export interface TrackedEvents {
  /** Keeps an event; those of a flow without a tracking id vanish. */
  note(flow: Flow, name: TrackedEventName, subject: TrackedSubject): void;
  /** The events of 60 days, oldest first; several flows can share an id. */
  of(trackingId: string): readonly TrackedEvent[];
  /** The id under which a connection was made; its renewals are tracked under the same one. */
  trackingIdOf(credentialsId: string): string | null;
}

const KEPT_MILLISECONDS = 60 * DAY;

/** Of one tracking id; a flow has six. */
const EVENTS_MAX = 200;

/** No events yet. */
export function makeTrackedEvents(clock: Clock, max: number): TrackedEvents {
  const kept = new Map<string, readonly TrackedEvent[]>();
  const trackingIds = new Map<string, string>();

  function of(trackingId: string): readonly TrackedEvent[] {
    const events = kept.get(trackingId) ?? [];
    return events.filter(({ at }) => clock.now() - at.getTime() <= KEPT_MILLISECONDS);
  }

  return {
    of,
    note(flow, name, subject) {
      const { trackingId } = flow;
      if (trackingId === null) return;
      const { credentialsId } = subject;
      const event: TrackedEvent = { ...subject, name, flow, at: nowOf(clock) };
      keepNewest(kept, trackingId, [...of(trackingId), event].slice(-EVENTS_MAX), max);
      if (credentialsId !== null) keepNewest(trackingIds, credentialsId, trackingId, max);
    },
    trackingIdOf: (credentialsId) => trackingIds.get(credentialsId) ?? null,
  };
}

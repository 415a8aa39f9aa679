import type { ConfigReader } from './config-reader.ts';

/** How many days things are kept once they are over; null: for as long as their viewer is here. */
export interface RetentionConfig {
  /** Links that came to nothing. */
  readonly linksDays: number | null;
  /** Entries of the change log. */
  readonly changesDays: number | null;
  /** The log of deliveries to webhooks. */
  readonly deliveriesDays: number | null;
  /** Consents that have ended, with all that was read by them. */
  readonly endedDays: number | null;
}

const DAYS_MAX = 3_650;

/** Reads how long things are kept: `KEEP_…_DAYS`, 0 for ever. */
export function readRetention(reader: ConfigReader): RetentionConfig {
  const days = (name: string, fallback: number, least: number) => {
    const read = reader.whole(name, fallback, 0, DAYS_MAX);
    if (read > 0 && read < least) {
      reader.fault(`${name} is ${least} to ${DAYS_MAX}, or 0 for ever.`);
    }
    return read === 0 ? null : read;
  };
  return {
    linksDays: days('KEEP_LINKS_DAYS', 400, 1),
    // Whoever follows the log from time to time should not have to read everything anew.
    changesDays: days('KEEP_CHANGES_DAYS', 90, 7),
    // Longer than the day in which a delivery is tried again.
    deliveriesDays: days('KEEP_DELIVERIES_DAYS', 30, 2),
    // Users who renew late find their history as it was.
    endedDays: days('KEEP_ENDED_DAYS', 0, 1),
  };
}

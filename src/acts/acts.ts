import { correlationId } from '../base/log.ts';
import type { Tx } from '../postgres/db.ts';

/** Every act of an operator that is written down, and what it does. */
export const ACTS = {
  WEBHOOK_ENDPOINT_CREATED: 'Registered a webhook endpoint.',
  WEBHOOK_ENDPOINT_UPDATED: 'Changed a webhook endpoint.',
  WEBHOOK_ENDPOINT_DELETED: 'Deleted a webhook endpoint with the log of its deliveries.',
  WEBHOOK_SECRET_ROTATED: 'Gave a webhook endpoint a new secret.',
  WEBHOOK_TEST_SENT: 'Had a test sent to a webhook endpoint.',
  WEBHOOK_REPLAYED: 'Had deliveries sent again.',
  ALARM_ACCEPTED: 'Called an alarm true.',
  CLIENT_SET: 'Stored a client of TrueLayer, or its new secret.',
  CLIENT_REMOVED: 'Forgot a client of TrueLayer.',
  KEYS_ROTATED: 'Began to seal every secret anew with the first key.',
  ERASURES_APPLIED: 'Had those erased again whom a restored backup had brought back.',
  DEAD_LETTER_RETRIED: 'Had a job that had failed for good tried again.',
  DEAD_LETTER_DISCARDED: 'Forgot a job that had failed for good.',
  RESYNCED: 'Had all of a consent or an account read again.',
  KEY_GIVEN_UP: 'Let servers start without a key that is lost.',
} as const;

/** A key of that table. */
export type ActKind = keyof typeof ACTS;

/** Who acts from a command line: whoever may open the database. */
export const COMMAND_LINE = 'cli';

/** What an operator did. */
export interface Act {
  /** The subject of the operator's token, or `COMMAND_LINE`. */
  readonly operator: string;
  readonly act: ActKind;
  /** On what: an id or a name, never a secret or a user's data. */
  readonly subject: string;
  readonly at: Date;
}

/**
 * Writes an act into the log, in the transaction that does it: neither is there without the other. The log
 * is append-only, by the database's own rule.
 */
export async function recordAct(tx: Tx, { operator, act, subject, at }: Act): Promise<void> {
  await tx.operatorAct.create({
    data: { operator, act, subject, at, correlationId: correlationId() ?? null },
  });
}

import { ZodError } from 'zod';
import { ExpectedError } from '../base/errors.ts';
import { UnsealError } from '../base/seal.ts';
import { isOutage, sqlState } from '../postgres/db.ts';
import type { FailureCause } from '../postgres/failure.ts';
import { BankError } from '../truelayer/errors.ts';

/** Why jobs fail for good, for people; other codes are those of the house's named errors. */
export const CAUSES: Readonly<Record<string, string>> = {
  BANK_UNAVAILABLE: 'TrueLayer or the bank was away, or answered what makes no sense.',
  BANK_RATE_LIMITED: 'TrueLayer or the bank wanted fewer calls.',
  BANK_UNATTENDED_LIMIT: 'The calls were spent that the bank allows in a day without the user.',
  BANK_OPERATOR_FAULT: 'TrueLayer refused this client: an alarm says more.',
  BANK_TOKEN_REJECTED: 'The bank refused a fresh token for this one thing.',
  DATABASE_UNAVAILABLE: 'The database was away, full or closing.',
  DATABASE_REFUSED: 'The database refused what was to be written: a fault of this server.',
  SECRET_UNREADABLE: 'A sealed secret does not open in its place.',
  PAYLOAD_REFUSED: 'The job was asked for by another version, which says it in other words.',
  TIMED_OUT: 'It took longer than it may.',
  WORKER_LOST: 'The process that worked on it ended under it, every time.',
  UNEXPECTED: 'A fault of this server: its log tells more, by the correlation id.',
};

/** What passes without anybody's help, so that the work succeeds once it is asked for again. */
export const PASSING: readonly string[] = [
  'BANK_UNAVAILABLE',
  'BANK_RATE_LIMITED',
  'BANK_UNATTENDED_LIMIT',
  'BANK_OPERATOR_FAULT',
  'DATABASE_UNAVAILABLE',
];

/** What is kept of an error that a job ended with: a word that never changes, and no message. */
export function causeOf(error: unknown): FailureCause {
  if (error instanceof BankError) {
    const { meaning, endpoint, status } = error;
    return { code: `BANK_${meaning}`, endpoint, ...(status === undefined ? {} : { status }) };
  }
  if (error instanceof UnsealError) return { code: 'SECRET_UNREADABLE' };
  if (error instanceof ExpectedError) return { code: error.code };
  if (error instanceof ZodError) return { code: 'PAYLOAD_REFUSED' };
  if (isOutage(error)) return { code: 'DATABASE_UNAVAILABLE' };
  return { code: sqlState(error) === null ? 'UNEXPECTED' : 'DATABASE_REFUSED' };
}

/** A cause for people. */
export function causeWords(code: string): string {
  return CAUSES[code] ?? `It ended with ${code}.`;
}

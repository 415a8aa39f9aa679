import { StartError } from '../base/errors.ts';
import { sqlState } from './db.ts';

/** Says in one sentence why a database cannot be entered; null for every other failure. */
export function unreachable(url: string, error: unknown): StartError | null {
  const { host } = new URL(url);
  const state = sqlState(error);
  if (state === '28P01' || state === '28000') {
    return new StartError(
      `The database at ${host} refuses the user or password: mend DATABASE_URL.`,
      { cause: error },
    );
  }
  if (state === '3D000') {
    return new StartError(
      `The database named in DATABASE_URL does not exist at ${host}: create it first.`,
      { cause: error },
    );
  }
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (/^E[A-Z]+$/.test(code) || /timeout|terminated/i.test(message) || state === '57P03') {
    return new StartError(
      `The database at ${host} cannot be reached (${code || message}): check DATABASE_URL and that Postgres runs.`,
      { cause: error },
    );
  }
  return null;
}

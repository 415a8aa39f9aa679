import type { App } from '../app.ts';
import { seal, type SealPlace, unseal, UnsealError } from '../base/seal.ts';

/** What the rows of clients are read and written with. */
export type ClientStore = Pick<App, 'database' | 'keys'>;

/** Where a client's secret is sealed, and what the environment last said of it. */
export function clientPlace(
  column: 'sealed_secret' | 'sealed_seed',
  environment: string,
): SealPlace {
  return { table: 'bank_client', column, row: environment, viewer: 'nobody' };
}

/** Seals what an operator says of a client's secret. */
export function sealSecret(
  { keys }: ClientStore,
  column: 'sealed_secret' | 'sealed_seed',
  environment: string,
  secret: string,
): Promise<string> {
  return seal(keys, clientPlace(column, environment), secret);
}

/**
 * Opens it again.
 *
 * @returns null where it is damaged, moved, or under a key that was given up
 * @throws KeyError if the key cannot be used now
 */
export async function openSecret(
  { keys }: ClientStore,
  column: 'sealed_secret' | 'sealed_seed',
  environment: string,
  sealed: string,
): Promise<string | null> {
  try {
    return await unseal(keys, clientPlace(column, environment), sealed);
  } catch (error) {
    if (error instanceof UnsealError) return null;
    throw error;
  }
}

/** How many living consents were given to a client. */
export function countConsents(
  { database }: Pick<App, 'database'>,
  environment: string,
  clientId: string,
): Promise<number> {
  return database.scoutCount(
    'consent',
    'environment = $1 and client_id = $2 and ended_at is null',
    [environment, clientId],
  );
}

/** So many living consents, in words. */
export function livingConsents(count: number): string {
  return `${count} living ${count === 1 ? 'consent' : 'consents'}`;
}

import { setTimeout } from 'node:timers/promises';

const ATTEMPTS_MAX = 5;
const WAIT_MILLISECONDS = 500;

/**
 * Stores what the bank has just answered, a few times over. A refresh token that it has changed lives
 * nowhere but here: a database that is away for a moment must not cost it.
 */
export async function storeAtLast(store: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await store();
      return;
    } catch (error) {
      if (attempt === ATTEMPTS_MAX) throw error;
      // For real, under any clock: the database is waited for.
      await setTimeout(attempt * WAIT_MILLISECONDS);
    }
  }
}

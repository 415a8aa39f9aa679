import type { App } from '../app.ts';
import { StartError } from '../base/errors.ts';
import {
  describePlace,
  KeyError,
  type KeyRing,
  seal,
  type SealingKey,
  type SealPlace,
  unseal,
  UnsealError,
} from '../base/seal.ts';
import { readSealedPages, type SealedValue } from './sealed-values.ts';

/** What the check needs of a process. */
export type KeyCheck = Pick<App, 'database' | 'keys' | 'log'>;

const WORD = 'canary';

/**
 * Makes sure, before anything is sealed, that this process has every key that this database needs,
 * by opening the word that is kept sealed with each. Leaves such a word for the first key. Changes
 * no other row.
 *
 * @throws StartError in one sentence that names the key which is missing or is another
 */
export async function checkKeys(check: KeyCheck): Promise<void> {
  const known = await tryCanaries(check);
  const [first] = check.keys;
  // A database of the days before the canaries: its secrets themselves are tried.
  const proved = known.size === 0 ? await tryEverything(check) : new Set<SealingKey>();
  const news = [...new Set([first, ...proved])].filter((key) => !known.has(key.id));
  if (news.length === 0) return;
  for (const key of news) await leaveCanary(check, key);
  // Another process may have been first, with other bytes under the same name.
  await tryCanaries(check);
}

/**
 * Lets go of the word of a key that nothing is sealed with, or that is lost, so that no start asks
 * for the key.
 *
 * @returns whether there was one
 */
export async function dropCanary(
  { database }: Pick<App, 'database'>,
  keyId: string,
): Promise<boolean> {
  const { count } = await database.shared.keyCanary.deleteMany({ where: { keyId } });
  return count > 0;
}

/** Lets the next start do without a key that secrets are sealed with: these never open again. */
export async function giveUpKey(check: KeyCheck, keyId: string): Promise<boolean> {
  // Where no word is left at all, a start would try the secrets themselves.
  await leaveCanary(check, check.keys[0]);
  return dropCanary(check, keyId);
}

async function tryCanaries(check: KeyCheck): Promise<ReadonlySet<string>> {
  const { database, keys, log } = check;
  const canaries = await database.shared.keyCanary.findMany();
  for (const { keyId, sealed } of canaries) {
    if (keys.some((key) => key.id === keyId)) {
      await bearOutage(check, keyId, () => openCanary(keys, keyId, sealed));
      continue;
    }
    const value = await findUnder(database, keyId);
    if (value !== null) throw missingKey(keyId, value.place);
    await dropCanary(check, keyId);
    log.info({ key: keyId }, 'nothing is sealed with this encryption key any more');
  }
  return new Set(canaries.map(({ keyId }) => keyId));
}

async function openCanary(keys: KeyRing, keyId: string, sealed: string): Promise<void> {
  try {
    await unseal(keys, canaryPlace(keyId), sealed);
  } catch (cause) {
    if (cause instanceof UnsealError) throw otherKey(keyId, cause);
    throw cause;
  }
}

async function leaveCanary(check: KeyCheck, key: SealingKey): Promise<void> {
  await bearOutage(check, key.id, async () => {
    const sealed = await seal([key], canaryPlace(key.id), WORD);
    await check.database.shared.keyCanary.createMany({
      data: [{ keyId: key.id, sealed }],
      skipDuplicates: true,
    });
  });
}

// A key service that is away for a moment keeps no process from starting: what needs it fails and
// is tried again.
async function bearOutage({ log }: KeyCheck, keyId: string, work: () => Promise<void>) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    if (!error.tryAgain) {
      throw new StartError(
        `${capital(error.message)}: let this process use it, or mend ENCRYPTION_KEYS.`,
        { cause: error },
      );
    }
    log.warn({ err: error, key: keyId }, 'the encryption key could not be tried yet');
  }
}

/** Tries all secrets until each key has opened one; one that is damaged proves nothing. */
async function tryEverything(check: KeyCheck): Promise<ReadonlySet<SealingKey>> {
  const proved = new Set<SealingKey>();
  const failures = new Map<SealingKey, UnsealError>();
  for await (const { values } of readSealedPages(check.database)) {
    for (const { place, sealed, keyId } of values) {
      if (keyId === null) continue;
      const key = check.keys.find(({ id }) => id === keyId);
      if (key === undefined) throw missingKey(keyId, place);
      if (proved.has(key)) continue;
      await bearOutage(check, keyId, async () => {
        try {
          await unseal([key], place, sealed);
          proved.add(key);
        } catch (error) {
          if (!(error instanceof UnsealError)) throw error;
          failures.set(key, error);
        }
      });
    }
  }
  for (const [key, failure] of failures) if (!proved.has(key)) throw otherKey(key.id, failure);
  return proved;
}

async function findUnder(database: App['database'], keyId: string): Promise<SealedValue | null> {
  for await (const { values } of readSealedPages(database)) {
    const value = values.find((candidate) => candidate.keyId === keyId);
    if (value !== undefined) return value;
  }
  return null;
}

function canaryPlace(keyId: string): SealPlace {
  return { table: 'key_canary', column: 'sealed', row: keyId, viewer: 'nobody' };
}

function missingKey(keyId: string, place: SealPlace): StartError {
  return new StartError(
    `ENCRYPTION_KEYS lacks the key ${keyId}, and secrets are sealed with it (${describePlace(place)}): ` +
      'put it behind the first one, and remove it when keys rotate says so.',
  );
}

function otherKey(keyId: string, cause: UnsealError): StartError {
  return new StartError(
    `ENCRYPTION_KEYS has another key ${keyId} than this database was sealed with: ` +
      'give it the right one, or the new one a name of its own.',
    { cause },
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

import { createHmac } from 'node:crypto';
import type { App } from '../app.ts';
import { seal, type SealPlace, unseal } from '../base/seal.ts';

/** What the hashes of erased viewers are made with. */
export type ErasureKey = Uint8Array;

/** Where the key of the hashes lies, sealed, in the database and in a list of erasures. */
export const ERASURE_KEY_PLACE: SealPlace = {
  table: 'erasure_key',
  column: 'sealed_key',
  row: 'viewers',
  viewer: 'nobody',
};

const KEY_BYTES = 32;

type Instruments = Pick<App, 'database' | 'keys'>;

/**
 * The key, sealed; null where nobody was ever erased. It is random and its own, and not derived from
 * the sealing keys: those are replaced, may be out of reach, and old hashes must stay comparable.
 */
export async function findSealedErasureKey({
  database,
}: Pick<App, 'database'>): Promise<string | null> {
  const { row: name } = ERASURE_KEY_PLACE;
  const found = await database.shared.erasureKey.findUnique({ where: { name } });
  return found?.sealedKey ?? null;
}

/** The key, made if there is none yet. May call a key service. */
export async function erasureKey(app: Instruments & Pick<App, 'entropy'>): Promise<ErasureKey> {
  const found = await findSealedErasureKey(app);
  if (found !== null) return openErasureKey(app, found);
  return adoptErasureKey(app, app.entropy.bytes(KEY_BYTES));
}

/**
 * Stores a key where there is none.
 *
 * @returns the one that is there: another process may have been first
 */
export async function adoptErasureKey(app: Instruments, key: ErasureKey): Promise<ErasureKey> {
  const { row: name } = ERASURE_KEY_PLACE;
  const sealedKey = await seal(app.keys, ERASURE_KEY_PLACE, Buffer.from(key).toString('base64'));
  await app.database.shared.erasureKey.createMany({
    data: [{ name, sealedKey }],
    skipDuplicates: true,
  });
  const stored = await app.database.shared.erasureKey.findUniqueOrThrow({ where: { name } });
  return openErasureKey(app, stored.sealedKey);
}

/**
 * Opens a key.
 *
 * @throws UnsealError if its sealing key is not configured
 */
export async function openErasureKey(
  { keys }: Pick<App, 'keys'>,
  sealed: string,
): Promise<ErasureKey> {
  return Buffer.from(await unseal(keys, ERASURE_KEY_PLACE, sealed), 'base64');
}

/** What a viewer is remembered by once they are erased. */
export function hashViewer(key: ErasureKey, viewerId: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHmac('sha256', key).update(viewerId).digest());
}

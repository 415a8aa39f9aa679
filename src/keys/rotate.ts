import type { App } from '../app.ts';
import { describePlace, seal, unseal, UnsealError } from '../base/seal.ts';
import { dropCanary } from './check.ts';
import {
  countHolders,
  inParallel,
  readSealedPages,
  readSealedValue,
  replaceSealedValue,
  type SealedValue,
} from './sealed-values.ts';

/** What became of the secrets. */
export interface Rotation {
  /** Sealed anew with the first key. */
  readonly resealed: number;
  /** Under the first key when they were looked at. */
  readonly already: number;
  /** Written by somebody else between a look and a write, and looked at again. */
  readonly changed: number;
  /** The places of those that do not open, each with its reason; left as they are. */
  readonly unopened: readonly string[];
  /** Keys of the ring, the first one left out, that nothing is sealed with. */
  readonly unused: readonly string[];
  /** Keys, in the ring or not, that something is still sealed with. */
  readonly stillUsed: readonly string[];
}

/** How far a rotation is, in rows of one pass. */
export interface RotationProgress {
  /** 1, and more where another look was needed to be sure. */
  readonly pass: number;
  readonly done: number;
  readonly total: number;
}

/** What a caller may want of a rotation. */
export interface RotationOptions {
  readonly onProgress?: (progress: RotationProgress) => void;
  /** Ends it between two pages, by throwing its reason. */
  readonly signal?: AbortSignal;
}

const PASSES_MAX = 4;
/** How often one secret may be changed under our eyes before the next pass has to see to it. */
const LOOKS_MAX = 5;

/**
 * Seals everything anew that is not under the first key, while the house goes on: readers find the
 * old or the new, and both open. A secret that somebody writes meanwhile is never overwritten. May
 * be ended at any moment and begun again, and then skips what is done.
 *
 * It goes over all rows until it finds nothing left to do, for rows may be made behind its back.
 *
 * @throws KeyError if a key cannot be used now; what was done stays done
 */
export async function rotateKeys(
  app: Pick<App, 'database' | 'keys'>,
  options: RotationOptions = {},
): Promise<Rotation> {
  const sum = { resealed: 0, already: 0, changed: 0 };
  let last = emptyPass();
  for (let pass = 1; pass <= PASSES_MAX; pass += 1) {
    last = await passOnce(app, pass, options);
    sum.resealed += last.resealed;
    sum.changed += last.changed;
    if (pass === 1) sum.already = last.already;
    if (last.seenUnder.size === 0) break;
  }
  // Whatever the last look still had to seal anew, somebody seals with the old key at this moment.
  const used = new Set([...last.seenUnder, ...last.unopenedUnder]);
  const [first, ...others] = app.keys;
  used.delete(first.id);
  const unused = others.map(({ id }) => id).filter((id) => !used.has(id));
  for (const id of unused) await dropCanary(app, id);
  return { ...sum, unopened: last.unopened, unused, stillUsed: [...used] };
}

/** How many secrets there are under each key, by its id; null stands for damaged ones. */
export async function countByKey(
  database: App['database'],
): Promise<ReadonlyMap<string | null, number>> {
  const counts = new Map<string | null, number>();
  for await (const { values } of readSealedPages(database)) {
    for (const { keyId } of values) counts.set(keyId, (counts.get(keyId) ?? 0) + 1);
  }
  return counts;
}

interface Pass {
  resealed: number;
  already: number;
  changed: number;
  readonly unopened: string[];
  /** Keys of what had to be sealed anew, and of what could not be. */
  readonly seenUnder: Set<string>;
  readonly unopenedUnder: Set<string>;
}

function emptyPass(): Pass {
  return {
    resealed: 0,
    already: 0,
    changed: 0,
    unopened: [],
    seenUnder: new Set(),
    unopenedUnder: new Set(),
  };
}

async function passOnce(
  app: Pick<App, 'database' | 'keys'>,
  pass: number,
  { onProgress, signal }: RotationOptions,
): Promise<Pass> {
  const result = emptyPass();
  const total = await countHolders(app.database);
  let done = 0;
  for await (const { rows, values } of readSealedPages(app.database)) {
    signal?.throwIfAborted();
    await inParallel(values, (value) => renew(app, value, result));
    done += rows;
    onProgress?.({ pass, done, total: Math.max(total, done) });
  }
  return result;
}

async function renew(
  { database, keys }: Pick<App, 'database' | 'keys'>,
  found: SealedValue,
  result: Pass,
): Promise<void> {
  const [first] = keys;
  let value: SealedValue | null = found;
  for (let look = 1; value !== null && look <= LOOKS_MAX; look += 1) {
    const { place, sealed, keyId } = value;
    if (keyId === first.id) {
      result.already += 1;
      return;
    }
    let secret: string;
    try {
      secret = await unseal(keys, place, sealed);
    } catch (error) {
      if (!(error instanceof UnsealError)) throw error;
      result.unopened.push(`${describePlace(place)}: ${error.reason}`);
      if (keyId !== null) result.unopenedUnder.add(keyId);
      return;
    }
    if (keyId !== null) result.seenUnder.add(keyId);
    if (await replaceSealedValue(database, value, await seal(keys, place, secret))) {
      result.resealed += 1;
      return;
    }
    result.changed += 1;
    value = await readSealedValue(database, place);
  }
}

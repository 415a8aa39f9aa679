import { uuidv7 } from '../base/entropy.ts';
import { StartError } from '../base/errors.ts';
import { UnsealError } from '../base/seal.ts';
import { sealForNobody } from '../consents/nobodys.ts';
import { beginErasure, type EraserInstruments } from './erase.ts';
import { eraseRows } from './erase-rows.ts';
import {
  adoptErasureKey,
  type ErasureKey,
  findSealedErasureKey,
  hashViewer,
  openErasureKey,
} from './erasure-key.ts';
import { type ErasureList, type ListedErasure, readErasures } from './erasure-list.ts';

/** What became of a database by a list of erasures. */
export interface AppliedErasures {
  /** Viewers who were looked at. */
  readonly viewers: number;
  /** Of these, erased again. */
  readonly erased: number;
  /** Of these, on the list but here anew since: left alone. */
  readonly cameAgain: number;
  /** Erasures of the list that this database did not know, and remembers from now on. */
  readonly remembered: number;
}

/** What a caller may want of it. */
export interface ApplyOptions {
  /** Only erasures that were asked for at this instant or later. */
  readonly since?: Date;
  readonly onProgress?: (viewers: number, erased: number) => void;
}

const VIEWERS_PER_PAGE = 1_000;
const ROUNDS_MAX = 1_000;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/**
 * Erases again all whom a restored backup brought back, and makes it remember their erasures. Whoever
 * came again after theirs stays. May be ended at any moment and begun again.
 *
 * @param list - kept beside the backup; null for what the database itself remembers
 * @throws StartError if the list's key does not open with the configured keys
 */
export async function applyErasures(
  app: EraserInstruments,
  list: ErasureList | null,
  { since, onProgress }: ApplyOptions = {},
): Promise<AppliedErasures> {
  const given = list ?? (await ownList(app));
  if (given.sealedKey === null) return { viewers: 0, erased: 0, cameAgain: 0, remembered: 0 };
  const listKey = await openListed(app, given.sealedKey);
  const ownKey = await adoptErasureKey(app, listKey);
  const wanted = given.erasures.filter(
    ({ requestedAt }) => since === undefined || requestedAt >= since,
  );
  const remembered = Buffer.from(ownKey).equals(listKey) ? await remember(app, wanted) : 0;
  const newest = newestByHash(wanted);
  const result = { viewers: 0, erased: 0, cameAgain: 0, remembered };
  for (let after = BEFORE_ALL; ;) {
    const page = await app.database.scout(
      `select id, id as viewer_id from viewer where id > $1 order by id limit ${VIEWERS_PER_PAGE}`,
      [after],
    );
    for (const { viewerId } of page) {
      after = viewerId;
      result.viewers += 1;
      const requestedAt = newest.get(textOf(hashViewer(listKey, viewerId)));
      if (requestedAt === undefined) continue;
      if (await eraseAgain(app, viewerId, ownKey, requestedAt)) result.erased += 1;
      else result.cameAgain += 1;
    }
    onProgress?.(result.viewers, result.erased);
    if (page.length < VIEWERS_PER_PAGE) return result;
  }
}

async function ownList(app: EraserInstruments): Promise<ErasureList> {
  const sealedKey = await findSealedErasureKey(app);
  const erasures: ListedErasure[] = [];
  for await (const erasure of readErasures(app)) erasures.push(erasure);
  return { sealedKey, erasures };
}

async function openListed(app: EraserInstruments, sealedKey: string): Promise<ErasureKey> {
  try {
    return await openErasureKey(app, sealedKey);
  } catch (cause) {
    if (!(cause instanceof UnsealError)) throw cause;
    throw new StartError(
      'The key of the list was sealed with a key that ENCRYPTION_KEYS lacks: append that one.',
      { cause },
    );
  }
}

/** @returns how many were not known */
async function remember(
  { clock, database, entropy }: EraserInstruments,
  erasures: readonly ListedErasure[],
): Promise<number> {
  let added = 0;
  for (let start = 0; start < erasures.length; start += VIEWERS_PER_PAGE) {
    const page = erasures.slice(start, start + VIEWERS_PER_PAGE);
    const { count } = await database.shared.erasure.createMany({
      data: page.map(({ viewerHash, requestedAt }, order) => ({
        id: uuidv7(entropy, new Date(clock.now()), order),
        viewerHash,
        requestedAt,
        finishedAt: requestedAt,
      })),
      skipDuplicates: true,
    });
    added += count;
  }
  return added;
}

function newestByHash(erasures: readonly ListedErasure[]): ReadonlyMap<string, Date> {
  const newest = new Map<string, Date>();
  for (const { viewerHash, requestedAt } of erasures) {
    const before = newest.get(textOf(viewerHash));
    if (before === undefined || before < requestedAt) newest.set(textOf(viewerHash), requestedAt);
  }
  return newest;
}

function textOf(hash: Uint8Array): string {
  return Buffer.from(hash).toString('base64url');
}

/** @returns false if the viewer came after that erasure, with nothing done */
async function eraseAgain(
  app: EraserInstruments,
  viewerId: string,
  ownKey: ErasureKey,
  requestedAt: Date,
): Promise<boolean> {
  const viewer = await app.database.reader(viewerId).viewer.findUnique({ where: { id: viewerId } });
  if (viewer === null) return true;
  if (viewer.createdAt > requestedAt) return false;
  const { connections } = await sealForNobody(app, viewerId);
  const viewerHash = hashViewer(ownKey, viewerId);
  const begun = await beginErasure(app, { viewerId, viewerHash, requestedAt, connections });
  if (begun === null) return true;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    if (await eraseRows(app, viewerId, begun.id)) return true;
  }
  throw new Error(`the erasure ${begun.id} does not come to an end`);
}

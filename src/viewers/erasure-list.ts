import type { App } from '../app.ts';
import { StartError } from '../base/errors.ts';
import { findSealedErasureKey } from './erasure-key.ts';

/** Who was erased and when, by hashes alone. */
export interface ErasureList {
  /** What the hashes are made with, sealed; null where nobody was ever erased. */
  readonly sealedKey: string | null;
  readonly erasures: readonly ListedErasure[];
}

/** One line of the list. */
export interface ListedErasure {
  readonly viewerHash: Uint8Array<ArrayBuffer>;
  readonly requestedAt: Date;
}

const TITLE = 'consentry erasures 1';
const ROWS_PER_PAGE = 1_000;
const KEY_LINE = /^key ([\w-]+(?:\.[\w-]*){4})$/;
const ERASURE_LINE = /^([\w-]{43}) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)$/;

/**
 * The list as text, a line at a time. It goes with backups but not into them: a restored database knows
 * only the erasures of before. It brings its key along, sealed, for a backup may be older than that.
 */
export async function* writeErasureList({
  database,
}: Pick<App, 'database'>): AsyncGenerator<string> {
  yield TITLE;
  const sealedKey = await findSealedErasureKey({ database });
  if (sealedKey === null) return;
  yield `key ${sealedKey}`;
  for await (const { viewerHash, requestedAt } of readErasures({ database })) {
    yield `${Buffer.from(viewerHash).toString('base64url')} ${requestedAt.toISOString()}`;
  }
}

/** All erasures that this database remembers, in the order in which they were asked for. */
export async function* readErasures({
  database,
}: Pick<App, 'database'>): AsyncGenerator<ListedErasure> {
  let after: string | null = null;
  for (;;) {
    const rows: readonly (ListedErasure & { readonly id: string })[] =
      await database.shared.erasure.findMany({
        ...(after === null ? {} : { where: { id: { gt: after } } }),
        orderBy: { id: 'asc' },
        take: ROWS_PER_PAGE,
      });
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}

/**
 * Reads a list.
 *
 * @throws StartError if it is none, or was cut in the middle of a line
 */
export function parseErasureList(text: string): ErasureList {
  const [title, keyLine, ...lines] = text.split(/\r?\n/).filter((line) => line !== '');
  if (title !== TITLE) throw new StartError('This file is no list that `erasures list` wrote.');
  if (keyLine === undefined) return { sealedKey: null, erasures: [] };
  const sealedKey = KEY_LINE.exec(keyLine)?.[1];
  if (sealedKey === undefined) throw damaged(2);
  const erasures = lines.map((line, index) => {
    const [, hash = '', instant = ''] = ERASURE_LINE.exec(line) ?? [];
    if (hash === '') throw damaged(index + 3);
    return {
      viewerHash: new Uint8Array(Buffer.from(hash, 'base64url')),
      requestedAt: new Date(instant),
    };
  });
  return { sealedKey, erasures };
}

function damaged(line: number): StartError {
  return new StartError(`Line ${line} of the list is damaged: take a whole copy of it.`);
}

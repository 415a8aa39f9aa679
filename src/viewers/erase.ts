import { setTimeout } from 'node:timers/promises';
import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { uuidv7 } from '../base/entropy.ts';
import { ExpectedError } from '../base/errors.ts';
import { leaveToNobody, type NobodysConnection, sealForNobody } from '../consents/nobodys.ts';
import { publish } from '../events.ts';
import type { Erasure } from '../generated/prisma/client.ts';
import { ask, jobs } from '../jobs.ts';
import { seeErased } from '../postgres/db.ts';
import type { JobRequest } from '../postgres/queue.ts';
import { erasureKey, hashViewer } from './erasure-key.ts';
import { requireRecentSignIn } from './recent-sign-in.ts';

/** What erasing and applying erasures need: less than a running house has. */
export type EraserInstruments = Pick<
  App,
  'clock' | 'database' | 'entropy' | 'keys' | 'log' | 'queue'
>;

/** The word that the app has to say, so that nobody is erased by a slip. */
export const CONFIRMATION = 'ERASE';

/** The request does not say that it is meant. */
export class ErasureNotConfirmedError extends ExpectedError {
  constructor() {
    super('NOT_CONFIRMED', `Nothing is erased: confirmation has to be "${CONFIRMATION}".`);
  }
}

/** Who is to be erased, and how they asked. */
export interface ErasureRequest {
  readonly viewerId: string;
  readonly signedInAt: Date | null;
  readonly confirmation: string;
}

/** Since when the viewer has nothing here any more; null: they had nothing. */
export type BegunErasure = Pick<Erasure, 'id' | 'requestedAt' | 'finishedAt'>;

const LEASED_LOOKS_MAX = 10;
const WAIT_MILLISECONDS = 100;

/**
 * Begins to erase a viewer. In one transaction they have no rows any more for anybody, their
 * connections at banks are left to nobody, to be ended there, and what they follow ends; the job that
 * deletes the rows is asked for. A repeat answers with the erasure that is under way.
 *
 * @throws SignInAgainError, ErasureNotConfirmedError
 */
export async function eraseViewer(
  app: EraserInstruments,
  request: ErasureRequest,
): Promise<BegunErasure | null> {
  const { viewerId, signedInAt, confirmation } = request;
  requireRecentSignIn(signedInAt, nowOf(app.clock));
  if (confirmation !== CONFIRMATION) throw new ErasureNotConfirmedError();
  const viewerHash = hashViewer(await erasureKey(app), viewerId);
  for (let look = 1; ; look += 1) {
    const { connections, leased } = await sealForNobody(app, viewerId);
    if (leased && look < LEASED_LOOKS_MAX) {
      // Somebody is refreshing. What comes back is what the bank will honour, so it is waited for,
      // for real and not for long.
      await setTimeout(WAIT_MILLISECONDS);
      continue;
    }
    const requestedAt = nowOf(app.clock);
    return beginErasure(app, { viewerId, viewerHash, requestedAt, connections });
  }
}

/** The request to go on with an erasure. */
export function askToErase(erasureId: string, notBefore?: Date): JobRequest {
  const options = { key: erasureId, ...(notBefore === undefined ? {} : { notBefore }) };
  return ask(jobs.eraseViewer, { erasureId }, options);
}

/**
 * Marks a viewer as erased and remembers that, in one transaction.
 *
 * @returns the erasure that is under way from now on, or was already; null without such a viewer
 */
export async function beginErasure(
  app: EraserInstruments,
  begin: {
    readonly viewerId: string;
    readonly viewerHash: Uint8Array<ArrayBuffer>;
    readonly requestedAt: Date;
    readonly connections: readonly NobodysConnection[];
  },
): Promise<BegunErasure | null> {
  const { viewerId, viewerHash, requestedAt, connections } = begin;
  const begun = await app.database.transact(viewerId, async (tx) => {
    await seeErased(tx);
    // Waits for whoever is adding something, and from here on nobody does.
    const [viewer] = await tx.$queryRaw<{ erasure_id: string | null }[]>`
      select erasure_id from viewer where id = ${viewerId}::uuid for update`;
    if (viewer === undefined) return null;
    if (viewer.erasure_id !== null) {
      return tx.erasure.findUniqueOrThrow({ where: { id: viewer.erasure_id } });
    }
    await tx.$queryRaw`select id from consent where viewer_id = ${viewerId}::uuid order by id for update`;
    // In a restored backup the same erasure may stand as finished.
    const erasure = await tx.erasure.upsert({
      where: { viewerHash_requestedAt: { viewerHash, requestedAt } },
      create: { id: uuidv7(app.entropy, nowOf(app.clock)), viewerHash, requestedAt },
      update: { finishedAt: null },
    });
    await tx.viewer.update({ where: { id: viewerId }, data: { erasureId: erasure.id } });
    await leaveToNobody(app, tx, viewerId, connections);
    await app.queue.send(tx, [askToErase(erasure.id)]);
    await publish(tx, { erasedViewerId: viewerId });
    return erasure;
  });
  if (begun !== null) app.log.info({ erasureId: begun.id }, 'an erasure is under way');
  return begun;
}

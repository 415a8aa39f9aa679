import type { App } from '../app.ts';
import { HOUR, later, MINUTE, nowOf, SECOND } from '../base/clock.ts';
import { recordChanges } from '../changes/log.ts';
import { publish } from '../events.ts';
import type { Revocation } from '../generated/prisma/client.ts';
import { ask, jobs } from '../jobs.ts';
import type { JobRequest } from '../postgres/queue.ts';
import { BankError } from '../truelayer/errors.ts';
import type { TokenAnswer } from '../truelayer/token-endpoint.ts';
import { isStillInUse } from './replaced.ts';
import { NO_TOKENS, openAccess, openRefresh, sealAnswer } from './revocation-tokens.ts';
import { storeAtLast } from './store-at-last.ts';

/** How a revocation ended; `KEPT` where the connection is the one that its consent lives by. */
type Outcome = 'CONFIRMED' | 'GIVEN_UP' | 'KEPT';

const SWEEP_MAX = 500;
// Longer than the three calls of one attempt may take together, so that attempts do not meet.
const WAIT_MILLISECONDS_MIN = MINUTE;
const WAIT_MILLISECONDS_MAX = 4 * HOUR;

/**
 * Tells the bank that a connection is to end, and destroys the tokens once it knows, or once
 * there is nothing to tell it with: its end is over, or no token is left. Until then it comes back,
 * after a minute first and after hours in the end. The next attempt is asked for before the bank is,
 * so that no crash loses it. Calls the network; answers `revokeAtBank`.
 */
export async function revokeAtBank(
  app: App,
  viewerId: string,
  revocationId: string,
): Promise<void> {
  const revocation = await app.database.reader(viewerId).revocation.findUnique({
    where: { id: revocationId },
  });
  if (revocation === null || revocation.dueAt === null) return;
  // Asked of a server of another environment: the sweep of the right one finds it, if it stays due.
  if (revocation.environment !== app.client.environment) return;
  const now = nowOf(app.clock);
  if (now < revocation.dueAt) return askAgain(app, revocation, revocation.dueAt);
  if (!(await claimAttempt(app, revocation, now))) return;
  const failure = await tryNow(app, revocation);
  if (failure === null) return;
  app.log.warn({ revocationId, attempt: revocation.attempts + 1, err: failure }, 'not revoked yet');
  // The connection has died at the bank by now, whether or not it ever heard of this.
  if (now >= revocation.endsAt) return end(app, revocation, 'GIVEN_UP');
  const retryAfterSeconds = failure instanceof BankError ? failure.retryAfterSeconds : undefined;
  const wanted = later(nowOf(app.clock), (retryAfterSeconds ?? 0) * SECOND);
  if (wanted > nextAttempt(revocation, now)) await postpone(app, revocation, wanted);
}

/** Asks for revocations that are due; the floor under their own jobs. Answers `sweepRevocations`. */
export async function sweepRevocations(app: App): Promise<void> {
  const due = await app.database.scout(
    `select id, viewer_id from revocation
     where due_at <= $1 and environment = $2 order by due_at limit $3`,
    [nowOf(app.clock), app.client.environment, SWEEP_MAX],
  );
  for (const { id, viewerId } of due) await app.queue.sendAlone(askFor(viewerId, id));
}

/** The request to tell the bank of a revocation. */
export function askFor(viewerId: string, revocationId: string, notBefore?: Date): JobRequest {
  const options = { key: revocationId, ...(notBefore === undefined ? {} : { notBefore }) };
  return ask(jobs.revokeAtBank, { viewerId, revocationId }, options);
}

// Doubled each time; the last one falls on the connection's own end.
function nextAttempt({ attempts, endsAt }: Revocation, now: Date): Date {
  const wait = Math.min(WAIT_MILLISECONDS_MIN * 2 ** attempts, WAIT_MILLISECONDS_MAX);
  const next = later(now, wait);
  return now < endsAt && endsAt < next ? endsAt : next;
}

/** Takes the attempt that is due, once over all processes, and asks for the one after it. */
async function claimAttempt(app: App, revocation: Revocation, now: Date): Promise<boolean> {
  const { id, viewerId, attempts } = revocation;
  const dueAt = nextAttempt(revocation, now);
  return app.database.transact(viewerId, async (tx) => {
    const { count } = await tx.revocation.updateMany({
      where: { id, attempts, dueAt: revocation.dueAt },
      data: { attempts: attempts + 1, dueAt },
    });
    if (count === 1) await app.queue.send(tx, [askFor(viewerId, id, dueAt)]);
    return count === 1;
  });
}

function askAgain(app: App, { viewerId, id }: Revocation, notBefore: Date): Promise<void> {
  return app.database.transact(viewerId, (tx) =>
    app.queue.send(tx, [askFor(viewerId, id, notBefore)]),
  );
}

// The job that waits already comes too early then, and asks for another.
async function postpone(app: App, revocation: Revocation, wanted: Date): Promise<void> {
  const { id, viewerId, endsAt } = revocation;
  await app.database.transact(viewerId, (tx) =>
    tx.revocation.updateMany({
      where: { id, attempts: revocation.attempts + 1, endedAt: null },
      data: { dueAt: wanted < endsAt ? wanted : endsAt },
    }),
  );
}

/** @returns why the bank has to be told later; null where that is over */
async function tryNow(app: App, revocation: Revocation): Promise<Error | null> {
  const { id, environment, clientId } = revocation;
  if (environment !== app.client.environment || clientId !== app.client.clientId) {
    return new Error(`revocation ${id} belongs to another client than this server speaks as`);
  }
  try {
    await end(app, revocation, await tell(app, revocation));
    return null;
  } catch (error) {
    if (error instanceof BankError) return error;
    throw error;
  }
}

/** @throws BankError if the bank has to be told later */
async function tell(app: App, revocation: Revocation): Promise<Outcome> {
  const access = await openAccess(app, revocation);
  const told = access === null ? 'REFUSED' : await deleteConnection(app, revocation, access);
  if (told !== 'REFUSED') return told;
  const refresh = await openRefresh(app, revocation);
  // Without one, nothing can have followed the token that was refused: the bank has forgotten it.
  if (refresh === null) return access === null ? 'GIVEN_UP' : 'CONFIRMED';
  let answer: TokenAnswer;
  try {
    answer = await app.truelayer.refresh(refresh);
  } catch (error) {
    if (error instanceof BankError && error.meaning === 'GRANT_ENDED') return 'CONFIRMED';
    throw error;
  }
  await storeAtLast(() => store(app, revocation, answer));
  // A token that was given this moment and is refused belongs to a connection that is gone.
  const toldAgain = await deleteConnection(app, revocation, answer.accessToken);
  return toldAgain === 'REFUSED' ? 'CONFIRMED' : toldAgain;
}

/** @returns `REFUSED` if the token is, by which nothing is said of the connection yet */
async function deleteConnection(
  app: App,
  revocation: Revocation,
  accessToken: string,
): Promise<'CONFIRMED' | 'KEPT' | 'REFUSED'> {
  try {
    if (await isStillInUse(app, revocation, accessToken)) return 'KEPT';
    await app.truelayer.deleteConnection(accessToken);
  } catch (error) {
    if (!(error instanceof BankError)) throw error;
    if (error.meaning === 'TOKEN_REJECTED') return 'REFUSED';
    if (error.meaning !== 'CONNECTION_GONE') throw error;
  }
  return 'CONFIRMED';
}

async function store(app: App, revocation: Revocation, answer: TokenAnswer): Promise<void> {
  const { id, viewerId } = revocation;
  const data = await sealAnswer(app, revocation, answer);
  await app.database.transact(viewerId, (tx) =>
    tx.revocation.updateMany({ where: { id, endedAt: null }, data }),
  );
}

/** Destroys the tokens, and says so. */
async function end(
  app: App,
  { id, viewerId, consentId, cause }: Revocation,
  outcome: Outcome,
): Promise<void> {
  const now = nowOf(app.clock);
  await app.database.transact(viewerId, async (tx) => {
    const { count } = await tx.revocation.updateMany({
      where: { id, endedAt: null },
      data: {
        ...NO_TOKENS,
        dueAt: null,
        endedAt: now,
        confirmedAt: outcome === 'CONFIRMED' ? now : null,
      },
    });
    // Of one that was taken back the user sees whether the bank knows; the others are ours to mind.
    if (count === 0 || consentId === null || cause !== 'TAKEN_BACK') return;
    await publish(tx, { consentId });
    await recordChanges(app, tx, viewerId, now, [
      { subject: 'CONSENT', subjectId: consentId, act: 'CHANGED' },
    ]);
  });
  app.log.info({ revocationId: id, consentId, cause, outcome }, 'revoked');
}

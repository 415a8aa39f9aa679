import { setTimeout } from 'node:timers/promises';
import type { App } from '../app.ts';
import { later, MINUTE, nowOf } from '../base/clock.ts';
import type { Database } from '../postgres/db.ts';
import type { ConsentCredential } from '../generated/prisma/client.ts';
import { BankError } from '../truelayer/errors.ts';
import { endConsent } from './end.ts';
import { ConsentEndedError, findHeld, type HeldConsent } from './held.ts';
import { LEASE_SECONDS, refreshTokens, takeLease } from './refresh.ts';

/** Which consent. */
export interface ConsentOfViewer {
  readonly viewerId: string;
  readonly consentId: string;
}

/** More than one only where a token is refused or replaced between a look and its use. */
const LOOKS_MAX = 3;
const WAIT_MILLISECONDS_MIN = 100;
const WAIT_MILLISECONDS_MAX = 1_000;
// A dead holder's lease ends within that.
const PATIENCE_MILLISECONDS = (LEASE_SECONDS + 5) * 1_000;

/**
 * The consent with an access token that still lives, and is newer than the refused generation.
 * Refreshes it where needed, or waits a bounded time for whoever does; holds no connection to the
 * database meanwhile.
 *
 * @param refused - a generation whose access token no longer serves; null: any that lives does
 * @throws ConsentEndedError if only the user can help; BankError for all else
 */
export async function freshCredential(
  app: App,
  consent: ConsentOfViewer,
  refused: number | null,
): Promise<HeldConsent> {
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
    const held = await findHeld(app, consent);
    const { credential } = held;
    const now = nowOf(app.clock);
    const used = refused !== null && credential.generation <= refused;
    if (!used && now < refreshInstant(credential)) return held;
    if (credential.sealedRefresh === null) {
      if (!used && now < credential.accessExpiresAt) return held;
      await endConsent(app, held, 'ACCESS_OVER');
      throw new ConsentEndedError(held.id);
    }
    await renewTogether(app, consent, credential.generation);
  }
  throw busy();
}

// A margin of a minute, or a fifth of a short life, so that a call begun with it can end with it.
function refreshInstant({ accessIssuedAt, accessExpiresAt }: ConsentCredential): Date {
  const life = accessExpiresAt.getTime() - accessIssuedAt.getTime();
  return later(accessExpiresAt, -Math.min(MINUTE, life * 0.2));
}

/** What this process is renewing, by consent and generation; of each database its own. */
const renewals = new WeakMap<Database, Map<string, Promise<void>>>();

/** All callers of this process who find a generation over share one renewal, and its outcome. */
function renewTogether(app: App, consent: ConsentOfViewer, generation: number): Promise<void> {
  const running = renewals.get(app.database) ?? new Map<string, Promise<void>>();
  renewals.set(app.database, running);
  const key = `${consent.consentId} ${generation}`;
  const shared =
    running.get(key) ?? renew(app, consent, generation).finally(() => running.delete(key));
  running.set(key, shared);
  return shared;
}

/** Sees to it that a generation is replaced: by this process, or by another that was first. */
async function renew(app: App, consent: ConsentOfViewer, generation: number): Promise<void> {
  // For real, under any clock: another holder waits for a network.
  const started = performance.now();
  for (let wait = WAIT_MILLISECONDS_MIN; ; wait = Math.min(wait * 1.5, WAIT_MILLISECONDS_MAX)) {
    const held = await findHeld(app, consent);
    if (held.credential.generation > generation) return;
    const lease = await takeLease(app, held);
    if (lease !== null) return refreshTokens(app, held, lease);
    if (performance.now() - started > PATIENCE_MILLISECONDS) throw busy();
    await setTimeout(wait);
  }
}

/** Somebody else was at it for too long: the same may be asked again later. */
function busy(): BankError {
  return new BankError({ meaning: 'UNAVAILABLE', endpoint: '/connect/token', reason: 'TIMEOUT' });
}

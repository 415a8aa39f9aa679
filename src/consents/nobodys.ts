import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { uuidv7 } from '../base/entropy.ts';
import type { AuthLink, Consent } from '../generated/prisma/client.ts';
import { goOnAs, seeErased, type Tx } from '../postgres/db.ts';
import type { TokenAnswer } from '../truelayer/token-endpoint.ts';
import { periodEnd } from './period.ts';
import { createRevocation } from './revocation.ts';
import {
  resealForRevocation,
  type RevocationTokens,
  sealAnswer,
  sealForRevocation,
} from './revocation-tokens.ts';

type Instruments = Pick<App, 'clock' | 'database' | 'entropy' | 'keys' | 'log' | 'queue'>;

/** A connection of somebody who is being erased, with its tokens sealed for an id that nobody has. */
export interface NobodysConnection {
  readonly revocationId: string;
  readonly nobodyId: string;
  readonly tokens: RevocationTokens;
  readonly of: Pick<Consent, 'id' | 'viewerId' | 'environment' | 'clientId' | 'endsAt'>;
  /** Takes it from the viewer; false if it is another by now, or gone. */
  readonly take: (tx: Tx) => Promise<boolean>;
}

const CONNECTIONS_MAX = 200;

/**
 * Reads the connections of a viewer that live at banks, those included that the bank is still to be
 * told to end, and seals the tokens of each for an id of its own that nobody has: of what is left
 * nothing leads back to its user, nor from one bank to another. Opens a transaction to read in, and may
 * call a key service outside it.
 *
 * @returns at most two hundred; `leased` if a token of theirs is being refreshed at this moment
 */
export async function sealForNobody(
  app: Instruments,
  viewerId: string,
): Promise<{ readonly connections: readonly NobodysConnection[]; readonly leased: boolean }> {
  const now = nowOf(app.clock);
  const { credentials, revocations } = await app.database.transact(viewerId, async (tx) => {
    await seeErased(tx);
    return {
      credentials: await tx.consentCredential.findMany({
        include: { consent: true },
        take: CONNECTIONS_MAX,
      }),
      revocations: await tx.revocation.findMany({
        where: { endedAt: null },
        take: CONNECTIONS_MAX,
      }),
    };
  });
  const ids = () => ({
    revocationId: uuidv7(app.entropy, now),
    nobodyId: uuidv7(app.entropy, now),
  });
  const connections: NobodysConnection[] = [];
  for (const { consent, ...credential } of credentials) {
    const { revocationId, nobodyId } = ids();
    const { consentId, sealedAccess, sealedRefresh } = credential;
    connections.push({
      revocationId,
      nobodyId,
      tokens: await sealForRevocation(app, credential, { id: revocationId, viewerId: nobodyId }),
      of: consent,
      take: async (tx) => {
        const where = { consentId, sealedAccess, sealedRefresh };
        return (await tx.consentCredential.deleteMany({ where })).count === 1;
      },
    });
  }
  for (const revocation of revocations) {
    const { revocationId, nobodyId } = ids();
    const { id, consentId, sealedAccess, sealedRefresh } = revocation;
    connections.push({
      revocationId,
      nobodyId,
      tokens: await resealForRevocation(app, revocation, { id: revocationId, viewerId: nobodyId }),
      of: { ...revocation, id: consentId ?? id },
      take: async (tx) => {
        const where = { id, sealedAccess, sealedRefresh, endedAt: null };
        return (await tx.revocation.deleteMany({ where })).count === 1;
      },
    });
  }
  const leased = credentials.some(({ leaseEndsAt }) => leaseEndsAt !== null && now < leaseEndsAt);
  return { connections, leased };
}

/**
 * Takes connections from their viewer and leaves them to nobody, to be ended at the bank. What has
 * changed since it was read is left as it is, for another look.
 */
export async function leaveToNobody(
  app: Instruments,
  tx: Tx,
  viewerId: string,
  connections: readonly NobodysConnection[],
): Promise<void> {
  const now = nowOf(app.clock);
  for (const { revocationId: id, nobodyId, tokens, of: consent, take } of connections) {
    if (!(await take(tx))) continue;
    await goOnAs(tx, nobodyId);
    await createRevocation(app, tx, {
      id,
      tokens,
      consent,
      viewerId: nobodyId,
      cause: 'ERASED',
      now,
    });
    await goOnAs(tx, viewerId);
  }
}

/**
 * Leaves to nobody what a code was exchanged for whose link has gone with its user meanwhile: what the
 * bank has just opened is to end there.
 */
export async function leaveAnswerToNobody(
  app: App,
  link: AuthLink,
  answer: TokenAnswer,
): Promise<void> {
  const now = nowOf(app.clock);
  const [id, viewerId] = [uuidv7(app.entropy, now), uuidv7(app.entropy, now)];
  const sealed = await sealAnswer(app, { id, viewerId }, answer);
  const { environment, clientId, providerId } = link;
  const endsAt =
    answer.refreshToken === null
      ? answer.expiresAt
      : await periodEnd(app, app.database.shared, providerId, now);
  await app.database.transact(viewerId, (tx) =>
    createRevocation(app, tx, {
      id,
      tokens: { sealedAccess: null, accessExpiresAt: null, sealedRefresh: null, ...sealed },
      consent: {
        id,
        viewerId,
        environment,
        clientId,
        endsAt,
      },
      viewerId,
      cause: 'ERASED',
      now,
    }),
  );
}

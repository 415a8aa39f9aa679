import { setTimeout } from 'node:timers/promises';
import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { unseal, UnsealError } from '../base/seal.ts';
import { BankError } from '../truelayer/errors.ts';
import type { Extension, Person } from '../truelayer/extend.ts';
import type { TokenAnswer } from '../truelayer/token-endpoint.ts';
import { beginPeriod, firstNumbers } from './begin-period.ts';
import { endUnreadable, flagUnreadable } from './flag.ts';
import type { HeldConsent } from './held.ts';
import type { LinkDraft } from './link.ts';
import type { LinkChoice } from './link-request.ts';
import { type Lease, releaseLease, takeLease } from './refresh.ts';
import { sealTokens } from './seal-tokens.ts';
import { credentialPlace } from './secrets.ts';
import { RENEWABLE } from './status.ts';
import { storeAtLast } from './store-at-last.ts';

/** What extending a connection came to; null where it cannot be, or not now. */
export type Extended = 'RENEWED' | { readonly dialog: string } | null;

const LOOKS_MAX = 10;
const WAIT_MILLISECONDS = 100;
const TRIES_MAX = 2;
/** Where connections can be extended at all. */
const COUNTRY = 'uk';

/**
 * Has the connection of a consent go on, where TrueLayer has approved of this client and the bank is
 * one of the United Kingdom: at once, with tokens that are stored in place, or by a dialog. Whatever
 * is refused is no word against the consent, for it may be the client or the country that is meant.
 *
 * It uses the refresh token, under the same lease as a refresh, with no transaction open. Calls the
 * network.
 *
 * @param person - told to TrueLayer and kept nowhere; only regulated firms need not say it
 */
export async function extendConsent(
  app: App,
  consent: { readonly viewerId: string; readonly id: string },
  draft: LinkDraft,
  choice: LinkChoice,
  person: Person | null,
): Promise<Extended> {
  if (!app.config.extendApproved) return null;
  if (person === null && app.config.permissions !== 'own') return null;
  const leased = await leaseConsent(app, consent);
  if (leased === null) return null;
  const { held, lease } = leased;
  try {
    const extension = await askTwice(app, held, draft, choice, person);
    const { tokens } = extension;
    if (tokens === null) return { dialog: extension.dialog };
    const stored = { renewed: false };
    await storeAtLast(async () => {
      stored.renewed = await store(app, held, tokens, choice);
    });
    if (!stored.renewed) return null;
    await endUnreadable(app, held);
    return 'RENEWED';
  } catch (error) {
    if (error instanceof UnsealError) await flagUnreadable(app, held);
    else if (!(error instanceof BankError)) throw error;
    app.log.warn({ consentId: held.id, err: error }, 'a connection is not extended');
    return null;
  } finally {
    await releaseLease(app, held, lease);
  }
}

/** Takes the right to use the refresh token, after whoever has it, within a second. */
async function leaseConsent(
  app: App,
  { viewerId, id }: { readonly viewerId: string; readonly id: string },
): Promise<{ readonly held: HeldConsent; readonly lease: Lease } | null> {
  const reader = app.database.reader(viewerId);
  for (let look = 1; look <= LOOKS_MAX; look += 1) {
    const consent = await reader.consent.findUnique({
      where: { id },
      include: { credential: true, provider: true },
    });
    if (consent === null || !RENEWABLE.includes(consent.status)) return null;
    if (consent.provider?.country !== COUNTRY) return null;
    // A refresh token belongs to the client that it was given to.
    if (consent.clientId !== app.client.clientId) return null;
    if (!consent.credential?.sealedRefresh) return null;
    const held = { ...consent, credential: consent.credential };
    const lease = await takeLease(app, held);
    if (lease !== null) return { held, lease };
    // For real, under any clock: the other holder waits for a network.
    await setTimeout(WAIT_MILLISECONDS);
  }
  return null;
}

async function askTwice(
  app: App,
  { id, viewerId, credential }: HeldConsent,
  draft: LinkDraft,
  choice: LinkChoice,
  person: Person | null,
): Promise<Extension> {
  const place = credentialPlace('sealed_refresh', id, viewerId);
  const refreshToken = await unseal(app.keys, place, credential.sealedRefresh ?? '');
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await app.truelayer.extend({
        refreshToken,
        userId: viewerId,
        ...(person === null ? {} : { person }),
        redirectUri: choice.redirectUri,
        state: draft.state,
        ...(draft.codeChallenge === null ? {} : { codeChallenge: draft.codeChallenge }),
      });
    } catch (error) {
      const again = error instanceof BankError && error.tryAgain && attempt < TRIES_MAX;
      if (!again) throw error;
    }
  }
}

/**
 * Stores the tokens of an extended connection. Nobody else can have changed the refresh token while
 * the lease lasted; whoever did later, by a refresh or another renewal, has a newer one.
 *
 * @returns false if so, or if the consent was taken back meanwhile
 */
async function store(
  app: App,
  held: HeldConsent,
  tokens: TokenAnswer,
  choice: LinkChoice,
): Promise<boolean> {
  const { id, viewerId, credential } = held;
  const now = nowOf(app.clock);
  const { sealedRefresh, refreshEndsAt, ...access } = await sealTokens(app, held, tokens, now);
  return app.database.transact(viewerId, async (tx) => {
    await tx.$queryRaw`select id from consent where id = ${id}::uuid for update`;
    const consent = await tx.consent.findUnique({ where: { id } });
    if (consent === null || !RENEWABLE.includes(consent.status)) return false;
    // It was stored by an earlier try, whose own success was not heard of.
    if (consent.period > held.period) return true;
    const { count } = await tx.consentCredential.updateMany({
      where: { consentId: id, refreshNumber: credential.refreshNumber },
      data: {
        ...access,
        // Without a new one the old one stays in force.
        ...(sealedRefresh === null ? {} : { sealedRefresh, refreshEndsAt }),
        ...firstNumbers(consent.period + 1),
      },
    });
    if (count === 0) return false;
    const { textVersion, scopes } = choice;
    const agreement = { way: 'EXTEND', textVersion, scopes } as const;
    await beginPeriod(
      app,
      tx,
      consent,
      { ...tokens, refreshable: true },
      agreement,
      {
        credentialsId: tokens.credentialsId ?? consent.credentialsId,
        bankEndsAt: null,
        // Nobody was at the bank, so it opens no window; what an end cut off is taken up.
        windowEndsAt: consent.windowEndsAt < now ? now : consent.windowEndsAt,
        ...(consent.endedAt === null ? {} : { historyEndedAt: null }),
      },
      now,
    );
    return true;
  });
}

import type { App } from '../app.ts';
import { later, MINUTE, nowOf } from '../base/clock.ts';
import { randomText, uuidv7 } from '../base/entropy.ts';
import { ExpectedError } from '../base/errors.ts';
import { seal } from '../base/seal.ts';
import { ask, jobs } from '../jobs.ts';
import type { Tx } from '../postgres/db.ts';
import { buildAuthLink, pkceChallenge } from '../truelayer/auth-link.ts';
import { hashOf, linkPlace } from './secrets.ts';

/** The end user who asks, as the bearer token names them. */
export interface Viewer {
  /** Derived from issuer and subject, so that no lookup crosses viewers. */
  readonly id: string;
  readonly issuer: string;
  readonly subject: string;
}

/** What an app may choose for a link. */
export interface AuthLinkRequest {
  readonly providerId?: string | null | undefined;
  readonly providers?: readonly string[] | null | undefined;
  readonly scopes?: readonly string[] | null | undefined;
  readonly redirectUri?: string | null | undefined;
  readonly returnTo?: string | null | undefined;
  readonly context?: string | null | undefined;
  /** The user's own address, told to the bank as a sign that they are present. */
  readonly psuIp?: string | null | undefined;
}

/** A link to send the user along, and the secret that binds it to the browser that asked. */
export interface IssuedAuthLink {
  readonly id: string;
  readonly url: string;
  readonly expiresAt: Date;
  readonly browserSecret: string;
}

/** A request for a link that cannot be granted as it is. */
export class AuthLinkRefusedError extends ExpectedError {}

export const LINK_MINUTES = 45;
const CONTEXT_BYTES_MAX = 1024;
const PROVIDERS_MAX = 100;
const PROVIDER_NAME = /^[a-z0-9-]{1,64}$/;

/** Every permission that the Data API knows. */
export const SCOPES = [
  'info',
  'accounts',
  'balance',
  'cards',
  'transactions',
  'direct_debits',
  'standing_orders',
  'offline_access',
] as const;

/**
 * Makes a single-use link to the bank. The state is 256 random bits of which only the hash is
 * kept; PKCE's verifier is kept sealed.
 *
 * @throws AuthLinkRefusedError `PROVIDER_UNKNOWN`, `SCOPES_REFUSED`, `REDIRECT_URI_REFUSED`,
 *   `RETURN_TO_REFUSED` or `CONTEXT_TOO_LONG`
 */
export async function issueAuthLink(
  app: App,
  viewer: Viewer,
  request: AuthLinkRequest,
): Promise<IssuedAuthLink> {
  const choice = await checkRequest(app, request);
  const now = nowOf(app.clock);
  const id = uuidv7(app.entropy, now);
  const state = randomText(app.entropy, 32);
  const browserSecret = randomText(app.entropy, 32);
  const verifier = app.client.pkce ? randomText(app.entropy, 32) : null;
  const expiresAt = later(now, LINK_MINUTES * MINUTE);
  const place = (column: Parameters<typeof linkPlace>[0]) => linkPlace(column, id, viewer.id);
  const sealedCodeVerifier =
    verifier && (await seal(app.keys, place('sealed_code_verifier'), verifier));
  const psuIp = request.psuIp ?? null;
  const sealedPsuIp = psuIp && (await seal(app.keys, place('sealed_psu_ip'), psuIp));
  await app.database.transact(viewer.id, async (tx) => {
    await saveViewer(tx, viewer, app, now);
    await tx.authLink.create({
      data: {
        id,
        viewerId: viewer.id,
        environment: app.client.environment,
        clientId: app.client.clientId,
        stateHash: hashOf(state),
        browserHash: hashOf(browserSecret),
        ...choice,
        sealedCodeVerifier,
        sealedPsuIp,
        createdAt: now,
        expiresAt,
      },
    });
    const close = ask(
      jobs.completeLink,
      { viewerId: viewer.id, linkId: id },
      { notBefore: expiresAt },
    );
    await app.queue.send(tx, [close]);
  });
  const url = buildAuthLink(app.client.authUrl, {
    clientId: app.client.clientId,
    redirectUri: choice.redirectUri,
    scopes: choice.scopes,
    state,
    ...(choice.providers.length === 0 ? {} : { providers: choice.providers }),
    ...(choice.providerId === null ? {} : { providerId: choice.providerId }),
    ...(verifier === null ? {} : { codeChallenge: await pkceChallenge(verifier) }),
  });
  return { id, url, expiresAt, browserSecret };
}

async function checkRequest(app: App, request: AuthLinkRequest) {
  const { config } = app;
  const redirectUri = request.redirectUri ?? config.redirectUris[0];
  if (!config.redirectUris.includes(redirectUri)) {
    throw new AuthLinkRefusedError(
      'REDIRECT_URI_REFUSED',
      'redirectUri is not one of the registered addresses of this server.',
    );
  }
  const returnTo = request.returnTo ?? null;
  if (returnTo !== null && !config.returnUrls.includes(returnTo)) {
    throw new AuthLinkRefusedError(
      'RETURN_TO_REFUSED',
      'returnTo is not on the list of addresses that this server may send users to.',
    );
  }
  const context = request.context ?? null;
  if (context !== null && Buffer.byteLength(context) > CONTEXT_BYTES_MAX) {
    throw new AuthLinkRefusedError('CONTEXT_TOO_LONG', 'context is longer than 1024 bytes.');
  }
  const providers = [...(request.providers ?? [])];
  if (providers.length > PROVIDERS_MAX || !providers.every((name) => PROVIDER_NAME.test(name))) {
    throw new AuthLinkRefusedError(
      'PROVIDER_UNKNOWN',
      'providers are up to 100 ids of banks or groups, such as uk-ob-all.',
    );
  }
  const provider = await findProvider(app, request.providerId ?? null);
  return {
    providerId: provider?.providerId ?? null,
    providers,
    scopes: chooseScopes(request.scopes ?? null, provider?.scopes ?? null),
    redirectUri,
    returnTo,
    context,
  };
}

async function findProvider(app: App, providerId: string | null) {
  if (providerId === null) return null;
  const { environment } = app.client;
  const provider = await app.database.shared.provider.findUnique({
    where: { environment_providerId: { environment, providerId }, listed: true },
  });
  if (provider === null) {
    throw new AuthLinkRefusedError('PROVIDER_UNKNOWN', `No bank is listed as ${providerId}.`);
  }
  return provider;
}

// Without a wish, everything that the bank offers is asked for. Balances and transactions mean
// nothing without the accounts or cards that they belong to.
function chooseScopes(
  wished: readonly string[] | null,
  offered: readonly string[] | null,
): string[] {
  const known: readonly string[] = SCOPES;
  const scopes =
    wished === null ? known.filter((s) => offered?.includes(s) ?? true) : [...new Set(wished)];
  const unknown = scopes.find((scope) => !known.includes(scope));
  if (unknown !== undefined) {
    throw new AuthLinkRefusedError(
      'SCOPES_REFUSED',
      `There is no scope ${JSON.stringify(unknown.slice(0, 40))}.`,
    );
  }
  const missing = scopes.find((scope) => offered !== null && !offered.includes(scope));
  if (missing !== undefined) {
    throw new AuthLinkRefusedError(
      'SCOPES_REFUSED',
      `This bank does not offer the scope ${missing}.`,
    );
  }
  if (!scopes.includes('accounts') && !scopes.includes('cards')) {
    throw new AuthLinkRefusedError(
      'SCOPES_REFUSED',
      'The scopes need accounts or cards among them.',
    );
  }
  return [...scopes];
}

// The first link makes the viewer's row, and opens their change log.
async function saveViewer(tx: Tx, viewer: Viewer, app: App, now: Date): Promise<void> {
  await tx.viewer.createMany({
    data: [{ id: viewer.id, issuer: viewer.issuer, subject: viewer.subject, createdAt: now }],
    skipDuplicates: true,
  });
  await tx.changeCounter.createMany({
    data: [{ viewerId: viewer.id, epoch: uuidv7(app.entropy, now) }],
    skipDuplicates: true,
  });
}

import type { App } from '../app.ts';
import { ExpectedError } from '../base/errors.ts';
import { areSameScopes, isTextVersion, PERMISSIONS_TEXT_VERSION, SCOPES } from './permissions.ts';

/** Where the user is to be brought back to, and with what. */
export interface WayBackRequest {
  readonly redirectUri?: string | null | undefined;
  readonly returnTo?: string | null | undefined;
  readonly context?: string | null | undefined;
}

/** What an app may choose for a link. */
export interface AuthLinkRequest extends WayBackRequest {
  readonly providerId?: string | null | undefined;
  readonly providers?: readonly string[] | null | undefined;
  readonly scopes?: readonly string[] | null | undefined;
  /** What the user accepted on a screen of the app's own. */
  readonly acceptedScopes?: readonly string[] | null | undefined;
  /** Of the text that the user read there. */
  readonly textVersion?: string | null | undefined;
  /** True where a second login at a bank is meant. */
  readonly acknowledgeSameProvider?: boolean | null | undefined;
  /** The user's own address, told to the bank as a sign that they are present. */
  readonly psuIp?: string | null | undefined;
}

/** A request for a link that cannot be granted as it is. */
export class AuthLinkRefusedError extends ExpectedError {}

const CONTEXT_BYTES_MAX = 1024;
const PROVIDERS_MAX = 100;
const PROVIDER_NAME = /^[a-z0-9-]{1,64}$/;

/** What a link is made of. */
export interface LinkChoice {
  readonly providerId: string | null;
  readonly providers: string[];
  readonly scopes: string[];
  readonly redirectUri: string;
  readonly returnTo: string | null;
  readonly context: string | null;
  readonly textVersion: string;
  /** The consent that it renews, and by whose dialog; a link without makes a new one. */
  readonly renewsConsentId?: string;
  readonly way?: 'AUTH_LINK' | 'EXTEND_LINK';
}

/**
 * Turns wishes into what a link is made of.
 *
 * @throws AuthLinkRefusedError `PROVIDER_UNKNOWN`, `SCOPES_REFUSED`, `REDIRECT_URI_REFUSED`,
 *   `RETURN_TO_REFUSED`, `CONTEXT_TOO_LONG`, `TEXT_VERSION_REFUSED` or `PERMISSIONS_NOT_ACCEPTED`
 */
export async function checkRequest(app: App, request: AuthLinkRequest): Promise<LinkChoice> {
  const wayBack = checkWayBack(app, request);
  const providers = [...(request.providers ?? [])];
  if (providers.length > PROVIDERS_MAX || !providers.every((name) => PROVIDER_NAME.test(name))) {
    throw new AuthLinkRefusedError(
      'PROVIDER_UNKNOWN',
      'providers are up to 100 ids of banks or groups, such as uk-ob-all.',
    );
  }
  const provider = await findProvider(app, request.providerId ?? null);
  const scopes = chooseScopes(request.scopes ?? null, provider?.scopes ?? null);
  return {
    providerId: provider?.providerId ?? null,
    providers,
    scopes,
    ...wayBack,
    textVersion: checkAcceptance(app, request, scopes),
  };
}

/**
 * Checks where a user is to be brought back to.
 *
 * @throws AuthLinkRefusedError `REDIRECT_URI_REFUSED`, `RETURN_TO_REFUSED` or `CONTEXT_TOO_LONG`
 */
export function checkWayBack(app: App, request: WayBackRequest) {
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
  return { redirectUri, returnTo, context };
}

// Where the app shows the permissions, TrueLayer does not, and nobody else can say what was read.
function checkAcceptance(
  app: App,
  { acceptedScopes = null, textVersion = null }: AuthLinkRequest,
  scopes: readonly string[],
): string {
  const own = app.config.permissions === 'own';
  if (textVersion !== null && !isTextVersion(textVersion)) {
    throw new AuthLinkRefusedError(
      'TEXT_VERSION_REFUSED',
      'textVersion is up to 100 letters, digits and signs.',
    );
  }
  if (own && textVersion === null) {
    throw new AuthLinkRefusedError(
      'TEXT_VERSION_REFUSED',
      'This server leaves the permissions to your app: textVersion says which text was shown.',
    );
  }
  if (acceptedScopes === null ? own : !areSameScopes(acceptedScopes, scopes)) {
    throw new AuthLinkRefusedError(
      'PERMISSIONS_NOT_ACCEPTED',
      `acceptedScopes have to be what the link asks for: ${scopes.join(' ')}.`,
    );
  }
  return textVersion ?? PERMISSIONS_TEXT_VERSION;
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

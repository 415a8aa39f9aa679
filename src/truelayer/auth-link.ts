import {
  allowInsecureRequests,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  Configuration,
} from 'openid-client';

/** Everything that an auth link may say; only the first three are needed. */
export interface AuthLinkParameters {
  readonly clientId: string;
  /** One of those registered in the Console, byte for byte. */
  readonly redirectUri: string;
  /** What is asked of the user; with `offline_access` for a refresh token. */
  readonly scopes: readonly string[];
  /** Comes back unchanged. */
  readonly state?: string | undefined;
  /** Provider ids and groups such as `uk-ob-all`, which the user chooses from. */
  readonly providers?: readonly string[] | undefined;
  /** Skips the choice of bank; must be covered by `providers` as well. */
  readonly providerId?: string | undefined;
  /** Has the code come back in a POST; without it in the query. */
  readonly responseMode?: 'form_post' | undefined;
  readonly nonce?: string | undefined;
  /** Of `pkceChallenge`; the verifier goes with the exchange of the code. */
  readonly codeChallenge?: string | undefined;
  /** Our own consent id: skips TrueLayer's permission screen, for regulated clients only. */
  readonly consentId?: string | undefined;
  /** Our own id, for TrueLayer's record of the user's way through. */
  readonly trackingId?: string | undefined;
  /** Shows the mock bank, where an older client needs to be told. */
  readonly enableMock?: boolean | undefined;
}

/**
 * The address at which a user gives consent. Each is good for one use; it calls nothing.
 *
 * @param authUrl - the auth server, `https://auth.truelayer.com`
 * @throws RangeError if no scope is asked for
 */
export function buildAuthLink(authUrl: string, parameters: AuthLinkParameters): string {
  if (parameters.scopes.length === 0) throw new RangeError('an auth link needs a scope');
  const server = new Configuration(
    { issuer: authUrl, authorization_endpoint: `${authUrl.replace(/\/+$/, '')}/` },
    parameters.clientId,
  );
  // A link is only built here, not called; which servers may be plain http is the client's rule.
  if (new URL(authUrl).protocol === 'http:') allowInsecureRequests(server);
  const link = buildAuthorizationUrl(server, wireParameters(parameters));
  // TrueLayer documents %20 between words, and has not always taken the + of forms. A plus sign
  // in a value is %2B by now, so every + that is left stands for a blank.
  link.search = link.search.replaceAll('+', '%20');
  return link.href;
}

/**
 * The S256 challenge that belongs to a verifier.
 *
 * @param verifier - 43 to 128 characters, random
 * @see https://www.rfc-editor.org/rfc/rfc7636#section-4.2
 */
export function pkceChallenge(verifier: string): Promise<string> {
  return calculatePKCECodeChallenge(verifier);
}

function wireParameters(parameters: AuthLinkParameters): Record<string, string> {
  const { codeChallenge } = parameters;
  const wire: Readonly<Record<string, string | undefined>> = {
    response_type: 'code',
    client_id: parameters.clientId,
    redirect_uri: parameters.redirectUri,
    scope: parameters.scopes.join(' '),
    state: parameters.state,
    providers: parameters.providers?.join(' ') || undefined,
    provider_id: parameters.providerId,
    response_mode: parameters.responseMode,
    nonce: parameters.nonce,
    code_challenge: codeChallenge,
    code_challenge_method: codeChallenge === undefined ? undefined : 'S256',
    consent_id: parameters.consentId,
    tracking_id: parameters.trackingId,
    enable_mock: parameters.enableMock === true ? 'true' : undefined,
  };
  return Object.fromEntries(
    Object.entries(wire).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

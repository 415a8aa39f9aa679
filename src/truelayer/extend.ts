import { later, SECOND } from '../base/clock.ts';
import { UnreadableAnswer } from './errors.ts';
import { callOut, type CallLimits, type Instruments } from './outward.ts';
import { type ClientCredentials, idsOf, type TokenAnswer } from './token-endpoint.ts';
import { extensionShape } from './wire-extension.ts';

/** The end user as TrueLayer wants to know them; it is told and kept nowhere. */
export interface Person {
  readonly name: string;
  /** This or a phone number has to be there, unless the client is a regulated one. */
  readonly email?: string | undefined;
  readonly phone?: string | undefined;
}

/** A connection to extend, and where its user comes back to if they have to go to the bank. */
export interface ExtensionRequest {
  readonly refreshToken: string;
  /** Our own name for the user. */
  readonly userId: string;
  readonly person?: Person | undefined;
  /** One of those registered in the Console, byte for byte. */
  readonly redirectUri: string;
  /** Comes back unchanged with the code. */
  readonly state: string;
  readonly codeChallenge?: string | undefined;
}

/** What extending came to: it is done and these are the tokens, or the user follows a link. */
export type Extension =
  | { readonly tokens: TokenAnswer; readonly dialog: null }
  | { readonly tokens: null; readonly dialog: string };

/** The server of connections and what a call to it needs. */
export interface ExtendEndpoint extends Instruments {
  readonly apiUrl: string;
  readonly limits: CallLimits;
  readonly credentials: () => Promise<ClientCredentials>;
}

/**
 * It lies beside the Data API and not below it, takes the client's secret in its body, and no bearer.
 * That the user has confirmed is said always: their app has asked them, and TrueLayer knows no other
 * way yet.
 *
 * @see TrueLayer.extend
 * @see https://docs.truelayer.com "Extend a connection"
 */
export async function extend(
  endpoint: ExtendEndpoint,
  request: ExtensionRequest,
): Promise<Extension> {
  const { clientId, clientSecret } = await endpoint.credentials();
  // Counted from before the call, so that a slow answer never makes the token look younger.
  const askedAt = new Date(endpoint.clock.now());
  return callOut(endpoint, {
    ...endpoint.limits,
    kind: 'extend',
    method: 'POST',
    endpoint: '/connections/extend',
    url: `${endpoint.apiUrl}/connections/extend`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      user_has_reconfirmed_consent: true,
      client_id: clientId,
      client_secret: clientSecret,
      user: { id: request.userId, ...request.person },
      refresh_token: request.refreshToken,
      redirect_uri: request.redirectUri,
      state: request.state,
      code_challenge: request.codeChallenge,
    }),
    read: (body) => {
      const read = extensionShape.safeParse(body);
      if (!read.success) throw new UnreadableAnswer('MALFORMED');
      const { tokens, userInputLink } = read.data;
      if (tokens === null) return { tokens, dialog: userInputLink };
      const { accessToken, refreshToken, lifeSeconds, scopes } = tokens;
      const expiresAt = later(askedAt, lifeSeconds * SECOND);
      return {
        dialog: null,
        tokens: {
          accessToken,
          refreshToken,
          expiresAt,
          scopes: scopes.length === 0 ? null : scopes,
          ...idsOf(accessToken),
        },
      };
    },
  });
}

import { decodeJwt } from 'jose';
import {
  allowInsecureRequests,
  ClientSecretPost,
  Configuration,
  customFetch,
  genericGrantRequest,
  refreshTokenGrant,
  type TokenEndpointResponse,
} from 'openid-client';
import { later, SECOND } from '../base/clock.ts';
import { BankError, UnreadableAnswer, type EndpointKind } from './errors.ts';
import type { ExactJson } from './exact-json.ts';
import { callOut, type CallLimits, type Instruments } from './outward.ts';
import { LIFE_SECONDS_DEFAULT, tokensShape } from './wire-tokens.ts';

/** The client's name and secret at TrueLayer. */
export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Tokens as the token endpoint gave them, in plaintext: seal them before anything else. */
export interface TokenAnswer {
  readonly accessToken: string;
  /** Null without `offline_access`, and where a refresh leaves the old one in force. */
  readonly refreshToken: string | null;
  /** When the access token ends, by our own clock. */
  readonly expiresAt: Date;
  /** What was granted; null where the answer does not say. */
  readonly scopes: readonly string[] | null;
  /** TrueLayer's id of the connection, out of the access token; unverified. */
  readonly credentialsId: string | null;
  /** TrueLayer's id of the consent, out of the access token; unverified. */
  readonly consentId: string | null;
}

/** A code to exchange, as it came back from the auth dialog. */
export interface CodeExchange {
  readonly code: string;
  /** The one of the auth link, byte for byte. */
  readonly redirectUri: string;
  /** Where the auth link bore a challenge. */
  readonly codeVerifier?: string | undefined;
}

/** The token endpoint and what a call to it needs. */
export interface TokenEndpoint extends Instruments {
  readonly authUrl: string;
  readonly limits: CallLimits;
  readonly credentials: () => Promise<ClientCredentials>;
}

/** @see TrueLayer.exchangeCode */
export function exchangeCode(endpoint: TokenEndpoint, request: CodeExchange): Promise<TokenAnswer> {
  const { code, redirectUri, codeVerifier } = request;
  // Not authorizationCodeGrant: it takes the redirect URI apart and sends it without its query and
  // in normal form, while TrueLayer compares it byte for byte.
  return grant(endpoint, 'exchange', (server) =>
    genericGrantRequest(server, 'authorization_code', {
      code,
      redirect_uri: redirectUri,
      ...(codeVerifier === undefined ? {} : { code_verifier: codeVerifier }),
    }),
  );
}

/** @see TrueLayer.refresh */
export function refresh(endpoint: TokenEndpoint, refreshToken: string): Promise<TokenAnswer> {
  return grant(endpoint, 'refresh', (server) => refreshTokenGrant(server, refreshToken));
}

async function grant(
  endpoint: TokenEndpoint,
  kind: EndpointKind,
  ask: (server: Configuration) => Promise<TokenEndpointResponse>,
): Promise<TokenAnswer> {
  const server = await serverOf(endpoint, kind);
  // Counted from before the call, so that a slow answer never makes the token look younger.
  const askedAt = new Date(endpoint.clock.now());
  try {
    const answer = await ask(server);
    return {
      accessToken: answer.access_token,
      refreshToken: answer.refresh_token ?? null,
      expiresAt: later(askedAt, (answer.expires_in ?? LIFE_SECONDS_DEFAULT) * SECOND),
      scopes: answer.scope?.split(' ') ?? null,
      ...idsOf(answer.access_token),
    };
  } catch (error) {
    throw withoutSecrets(error);
  }
}

/** A server for one call: the secret lives no longer than that, and calls share nothing. */
async function serverOf(endpoint: TokenEndpoint, kind: EndpointKind): Promise<Configuration> {
  const { clientId, clientSecret } = await endpoint.credentials();
  const base = endpoint.authUrl;
  const server = new Configuration(
    { issuer: base, token_endpoint: `${base}/connect/token` },
    clientId,
    undefined,
    ClientSecretPost(clientSecret),
  );
  if (base.startsWith('http:')) allowInsecureRequests(server);
  // Ours is the only time limit.
  server.timeout = undefined;
  server[customFetch] = async (url, init) =>
    Response.json(
      await callOut(endpoint, {
        ...endpoint.limits,
        kind,
        method: 'POST',
        endpoint: '/connect/token',
        url,
        headers: init.headers,
        // Every grant is sent as a form.
        body: (init.body as URLSearchParams).toString(),
        read: conformingAnswer,
      }),
    );
  return server;
}

/** The answer in the form that openid-client insists on. */
function conformingAnswer(body: ExactJson): Record<string, string | number> {
  const read = tokensShape.safeParse(body);
  if (!read.success) throw new UnreadableAnswer('MALFORMED');
  const { accessToken, refreshToken, lifeSeconds, scopes } = read.data;
  return {
    access_token: accessToken,
    token_type: 'bearer',
    expires_in: lifeSeconds,
    ...(refreshToken === null ? {} : { refresh_token: refreshToken }),
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
  };
}

const ID_LENGTH_MAX = 512;

/** What an access token says of itself, where it is one that can be read; unverified. */
export function idsOf(accessToken: string): Pick<TokenAnswer, 'credentialsId' | 'consentId'> {
  try {
    const claims = decodeJwt(accessToken);
    return { credentialsId: idOf(claims.sub), consentId: idOf(claims['consent_id']) };
  } catch {
    // No client is promised a JWT; the token works without our reading it.
    return { credentialsId: null, consentId: null };
  }
}

function idOf(claim: unknown): string | null {
  const usable = typeof claim === 'string' && claim !== '' && claim.length <= ID_LENGTH_MAX;
  return usable ? claim : null;
}

/** openid-client wraps what our fetch throws, and its own errors hold the request or the body. */
function withoutSecrets(error: unknown): Error {
  if (error instanceof BankError) return error;
  if (error instanceof Error && error.cause instanceof BankError) return error.cause;
  const name = error instanceof Error ? error.name : typeof error;
  return new Error(`the token call could not be made (${name})`);
}

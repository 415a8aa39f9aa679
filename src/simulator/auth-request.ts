import type { Bank } from './bank.ts';
import { coveredBanks, isKnownProviderName } from './bank-groups.ts';
import { findBank } from './banks.ts';
import { words } from './fields.ts';
import type { SimulatedClient } from './world.ts';

/** What an auth link asks for, checked. Kept in the dialog's sealed state, so plain JSON. */
export interface AuthRequest {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly state: string | null;
  readonly providers: readonly string[];
  readonly providerId: string | null;
  readonly formPost: boolean;
  readonly codeChallenge: string | null;
  readonly consentId: string | null;
}

/** Where an answer to the app goes, known before the rest of the link is found good. */
export type ReturnAddress = Pick<AuthRequest, 'redirectUri' | 'state' | 'formPost'>;

/** A link that opens the dialog, one that is refused at the app, or one that may not go there. */
export type AuthLink =
  | { readonly kind: 'good'; readonly request: AuthRequest }
  | {
      readonly kind: 'refused';
      readonly address: ReturnAddress;
      readonly error: string;
      readonly description: string;
    }
  | { readonly kind: 'unsafe'; readonly reason: string };

const SCOPES: ReadonlySet<string> = new Set(
  'info accounts balance cards transactions direct_debits standing_orders offline_access'.split(
    ' ',
  ),
);

/** A challenge is the SHA-256 of the verifier: 43 characters of base64url. */
const CHALLENGE = /^[\w-]{43}$/;

/**
 * Reads an auth link. Nothing is sent to an address that is not the client's own, byte for byte;
 * every other fault is told to the app.
 */
export function readAuthLink(query: URLSearchParams, client: SimulatedClient): AuthLink {
  const redirectUri = query.get('redirect_uri') ?? '';
  if (query.get('client_id') !== client.id) {
    return { kind: 'unsafe', reason: 'The client_id of this link is not known here.' };
  }
  if (!client.redirectUris.includes(redirectUri)) {
    return { kind: 'unsafe', reason: 'The redirect_uri of this link is not registered.' };
  }
  const state = query.get('state');
  const formPost = query.get('response_mode') === 'form_post';
  const address = { redirectUri, state, formPost };
  const request: AuthRequest = {
    ...address,
    clientId: client.id,
    scopes: [...new Set(words(query.get('scope')))],
    providers: providerNames(query),
    providerId: query.get('provider_id') ?? null,
    codeChallenge: query.get('code_challenge'),
    consentId: query.get('consent_id'),
  };
  const fault = faultOf(request, query);
  return fault === undefined ? { kind: 'good', request } : { kind: 'refused', address, ...fault };
}

/** The banks that the dialog offers for a request. */
export function offeredBanks(request: AuthRequest): readonly Bank[] {
  return coveredBanks(request.providers);
}

/** What an answer to the app carries. */
export type ReturnFields = Readonly<Record<string, string>>;

/** The app's address with the answer in its query, blanks as `%20`. */
export function returnUrl(address: ReturnAddress, fields: ReturnFields): string {
  const pairs = Object.entries(withState(address, fields)).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  );
  const joint = address.redirectUri.includes('?') ? '&' : '?';
  return `${address.redirectUri}${joint}${pairs.join('&')}`;
}

/** The answer's fields with the app's own state, which always comes back unchanged. */
export function withState(address: ReturnAddress, fields: ReturnFields): ReturnFields {
  return address.state === null ? fields : { ...fields, state: address.state };
}

function providerNames(query: URLSearchParams): readonly string[] {
  const names = words(query.get('providers'));
  // An old parameter that lists of real banks still go with.
  const addMock = names.length > 0 && query.get('enable_mock') === 'true';
  return addMock ? [...names, 'uk-cs-mock'] : names;
}

function faultOf(
  request: AuthRequest,
  query: URLSearchParams,
): { readonly error: string; readonly description: string } | undefined {
  const invalid = (description: string) => ({ error: 'invalid_request', description });
  if (query.get('response_type') !== 'code') return invalid('response_type must be code');
  if (request.scopes.length === 0 || !request.scopes.every((scope) => SCOPES.has(scope))) {
    return { error: 'invalid_scope', description: 'scope is empty or has an unknown word' };
  }
  const mode = query.get('response_mode');
  if (mode !== null && mode !== 'form_post') return invalid('response_mode must be form_post');
  const { codeChallenge, providerId, providers } = request;
  if (codeChallenge !== null) {
    const isSha = query.get('code_challenge_method') === 'S256' && CHALLENGE.test(codeChallenge);
    if (!isSha) return invalid('code_challenge must be made by S256');
  }
  if (!providers.every(isKnownProviderName)) return invalid('providers has an unknown word');
  if (providerId === null) return undefined;
  const bank = findBank(providerId);
  if (bank === undefined || !offeredBanks(request).includes(bank)) {
    return invalid('provider_id is not among the providers');
  }
  return undefined;
}

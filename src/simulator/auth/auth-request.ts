import { accessOf, type BankAccess } from '../banks/bank-access.ts';
import type { Bank } from '../banks/bank.ts';
import type { Banks } from '../banks/bank-register.ts';
import { words } from '../fields.ts';
import type { SimulatedClient } from '../world.ts';

/** The group of the mock bank alone. */
const MOCK = 'uk-cs-mock';

/** What an app asks for, checked. Kept in the dialog's sealed state, so plain JSON. */
export interface AuthRequest {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly state: string | null;
  /** Ids, aliases and groups; empty for all banks. */
  readonly providers: readonly string[];
  /** The same kinds of names, of what not to offer. */
  readonly disabledProviders: readonly string[];
  /** Empty for all. */
  readonly accesses: readonly BankAccess[];
  readonly providerId: string | null;
  /** The branch that the app has asked its user for. */
  readonly branch: string | null;
  readonly formPost: boolean;
  readonly codeChallenge: string | null;
  readonly consentId: string | null;
  readonly trackingId: string | null;
}

/** Where an answer to the app goes, known before the rest of the link is found good. */
export type ReturnAddress = Pick<AuthRequest, 'redirectUri' | 'state' | 'formPost'>;

/** A link that opens the dialog, one that is refused at the app, or one that may not go there. */
export type AuthLink =
  | { readonly kind: 'good'; readonly request: AuthRequest }
  | ({ readonly kind: 'refused'; readonly address: ReturnAddress } & RequestFault)
  | { readonly kind: 'unsafe'; readonly reason: string };

/** An error as the app is told of it. */
export interface RequestFault {
  readonly error: string;
  readonly description: string;
}

/** All scopes that a link can ask for. */
export const SCOPES_OF_LINKS: ReadonlySet<string> = new Set(
  'info accounts balance cards transactions direct_debits standing_orders offline_access'.split(
    ' ',
  ),
);

/** A challenge is the SHA-256 of the verifier: 43 characters of base64url. */
export const CHALLENGE = /^[\w-]{43}$/;

/**
 * Reads an auth link. Nothing is sent to an address that is not the client's own, byte for byte;
 * every other fault is told to the app. What it does not know is ignored, `nonce` too: no id_token
 * is ever served that could repeat it.
 */
export function readAuthLink(
  query: URLSearchParams,
  client: SimulatedClient,
  banks: Banks,
): AuthLink {
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
    ...readOffer(query),
    clientId: client.id,
    scopes: [...new Set(words(query.get('scope')))],
    providerId: query.get('provider_id'),
    branch: null,
    codeChallenge: query.get('code_challenge'),
    consentId: query.get('consent_id'),
    trackingId: query.get('tracking_id'),
  };
  const fault = faultOfLink(query) ?? faultOfRequest(request, banks);
  return fault === undefined ? { kind: 'good', request } : { kind: 'refused', address, ...fault };
}

/** The banks that the dialog offers for a request. */
export function offeredBanks(request: AuthRequest, banks: Banks): readonly Bank[] {
  const { accesses, disabledProviders, providers } = request;
  // An empty list would cover all banks, here as in `providers`.
  const disabled = disabledProviders.length === 0 ? [] : banks.covered(disabledProviders);
  return banks
    .covered(providers)
    .filter((bank) => accesses.length === 0 || accesses.includes(accessOf(bank)))
    .filter((bank) => !disabled.includes(bank));
}

/** Why a request cannot be met; undefined if it can. */
export function faultOfRequest(request: AuthRequest, banks: Banks): RequestFault | undefined {
  const { branch, providerId, providers, scopes } = request;
  if (scopes.length === 0 || !scopes.every((scope) => SCOPES_OF_LINKS.has(scope))) {
    return { error: 'invalid_scope', description: 'scope is empty or has an unknown word' };
  }
  if (!providers.every((name) => banks.knows(name)))
    return invalid('providers has an unknown word');
  if (providerId === null) return undefined;
  const bank = offeredBanks(request, banks).find(({ id }) => id === providerId);
  if (bank === undefined) return invalid('provider_id is not among the providers');
  if (branch === null || bank.branches?.some(([value]) => value === branch)) return undefined;
  return invalid('auth_inputs has no branch of this provider');
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

/** Switches older than `providers`, which goes before them where both are given. */
const ACCESS_SWITCHES: readonly (readonly [name: string, access: BankAccess])[] = [
  ['enable_open_banking_providers', 'open-banking'],
  ['enable_oauth_providers', 'oauth'],
  ['enable_credentials_sharing_providers', 'credentials-sharing'],
];

function readOffer(
  query: URLSearchParams,
): Pick<AuthRequest, 'providers' | 'disabledProviders' | 'accesses'> {
  const isOn = (name: string) => query.get(name) === 'true';
  const providers = words(query.get('providers'));
  const accesses = ACCESS_SWITCHES.filter(([name]) => isOn(name)).map(([, access]) => access);
  const disabledProviders = words(query.get('disable_providers'));
  // The one old switch that lists of real banks still go with.
  const mock = isOn('enable_mock');
  if (providers.length > 0) {
    return { providers: mock ? [...providers, MOCK] : providers, disabledProviders, accesses: [] };
  }
  const withMock: readonly BankAccess[] = [...accesses, 'credentials-sharing'];
  return {
    providers,
    disabledProviders,
    accesses: mock && accesses.length > 0 ? withMock : accesses,
  };
}

function faultOfLink(query: URLSearchParams): RequestFault | undefined {
  if (query.get('response_type') !== 'code') return invalid('response_type must be code');
  const mode = query.get('response_mode');
  if (mode !== null && mode !== 'form_post') return invalid('response_mode must be form_post');
  const challenge = query.get('code_challenge');
  if (challenge === null) return undefined;
  const isSha = query.get('code_challenge_method') === 'S256' && CHALLENGE.test(challenge);
  return isSha ? undefined : invalid('code_challenge must be made by S256');
}

function invalid(description: string): RequestFault {
  return { error: 'invalid_request', description };
}

import type { Clock } from '../base/clock.ts';
import { type Bank, type BankAccess, bankOf } from './bank.ts';
import { deleteConnection } from './connection.ts';
import { extend, type Extension, type ExtensionRequest } from './extend.ts';
import { listingOf, type Listing } from './listing.ts';
import { callOut, type CallLimits, type CallReport } from './outward.ts';
import {
  exchangeCode,
  refresh,
  type ClientCredentials,
  type CodeExchange,
  type TokenAnswer,
} from './token-endpoint.ts';
import { providerShape, type WireProvider } from './wire-provider.ts';

/** What a client of TrueLayer needs to know and to be given. */
export interface TrueLayerOptions {
  /** `https://auth.truelayer.com`, or the sandbox's or a simulator's. */
  readonly authUrl: string;
  /** `https://api.truelayer.com`, or the sandbox's or a simulator's. */
  readonly apiUrl: string;
  readonly clock: Clock;
  /** Asked at each token call, since the secret is sealed elsewhere. */
  readonly credentials: () => Promise<ClientCredentials>;
  /** Lets a simulator on this machine be called in plain http; other hosts never are. */
  readonly allowHttp: boolean;
  /** Ours, sent along for TrueLayer's support; their answer does not echo it. */
  readonly correlationId?: (() => string | undefined) | undefined;
  /** Hears of every call once it is over. */
  readonly hear?: ((call: CallReport) => void) | undefined;
  /** In place of the defaults, for every kind of call. */
  readonly limits?: Partial<CallLimits> | undefined;
}

/** Narrows the list of providers. */
export interface ProvidersQuery {
  /** Only those that this client may use. */
  readonly clientId?: string | undefined;
  /** Only those with all of these scopes. */
  readonly scopes?: readonly string[] | undefined;
  /** Only those of these countries, lower case, `uk` and not `gb`. */
  readonly countries?: readonly string[] | undefined;
}

/** TrueLayer's servers. Every method calls the network and throws `BankError`. */
export interface TrueLayer {
  /**
   * Spends an authorization code; it is gone even if the answer is lost.
   *
   * @throws BankError `CODE_REFUSED`, `OPERATOR_FAULT`, `UNAVAILABLE` and others
   */
  exchangeCode(request: CodeExchange): Promise<TokenAnswer>;
  /**
   * Gets a new access token, which ends the one before it: one refresh per consent at a time.
   *
   * @throws BankError `GRANT_ENDED`, `OPERATOR_FAULT`, `UNAVAILABLE` and others
   */
  refresh(refreshToken: string): Promise<TokenAnswer>;
  /**
   * Has a connection go on for another period, under the same id. Until the answer is acted on, the
   * tokens from before are what they were.
   *
   * @throws BankError `NOT_EXTENDABLE`, `GRANT_ENDED` where the refresh token or the client is not
   *   accepted, `UNAVAILABLE` and others
   */
  extend(request: ExtensionRequest): Promise<Extension>;
  /**
   * Ends a connection for good: no token of it works afterwards. Asked again, it may succeed or not.
   *
   * @throws BankError `TOKEN_REJECTED` and `CONNECTION_GONE`, `UNAVAILABLE` and others
   */
  deleteConnection(accessToken: string): Promise<void>;
  /** Lists banks; needs no token. */
  providers(query?: ProvidersQuery): Promise<Listing<WireProvider>>;
  /** The bank of the user behind an access token; opens nothing. */
  bank(access: BankAccess): Bank;
}

const KILOBYTE = 1_024;
const MEGABYTE = 1_024 * KILOBYTE;
const DATA_LIMITS: CallLimits = { timeoutMilliseconds: 30_000, bytesMax: 32 * MEGABYTE };
const PROVIDERS_LIMITS: CallLimits = { timeoutMilliseconds: 30_000, bytesMax: 4 * MEGABYTE };
// While a code is exchanged a user waits; nobody waits for a refresh, and its answer must not be lost.
const EXCHANGE_LIMITS: CallLimits = { timeoutMilliseconds: 15_000, bytesMax: 64 * KILOBYTE };
export const REFRESH_TIMEOUT_MILLISECONDS = 45_000;
const REFRESH_LIMITS: CallLimits = {
  timeoutMilliseconds: REFRESH_TIMEOUT_MILLISECONDS,
  bytesMax: 64 * KILOBYTE,
};

/**
 * A client of TrueLayer's. Holds no state, so that calls may run side by side.
 *
 * @throws RangeError if an address is neither https nor, where allowed, http on this machine
 */
export function createTrueLayer(options: TrueLayerOptions): TrueLayer {
  const authUrl = baseOf(options.authUrl, options.allowHttp);
  const apiUrl = baseOf(options.apiUrl, options.allowHttp);
  const { clock, credentials, correlationId, hear, limits } = options;
  const instruments = { clock, correlationId, hear };
  const tokens = { ...instruments, authUrl, credentials };
  const data = { ...instruments, apiUrl, limits: { ...DATA_LIMITS, ...limits } };
  return {
    exchangeCode: (request) =>
      exchangeCode({ ...tokens, limits: { ...EXCHANGE_LIMITS, ...limits } }, request),
    refresh: (refreshToken) =>
      refresh({ ...tokens, limits: { ...REFRESH_LIMITS, ...limits } }, refreshToken),
    extend: (request) =>
      extend(
        { ...instruments, apiUrl, credentials, limits: { ...EXCHANGE_LIMITS, ...limits } },
        request,
      ),
    deleteConnection: (accessToken) =>
      deleteConnection({ ...tokens, limits: { ...EXCHANGE_LIMITS, ...limits } }, accessToken),
    providers: (query = {}) =>
      callOut(instruments, {
        ...PROVIDERS_LIMITS,
        ...limits,
        kind: 'providers',
        method: 'GET',
        endpoint: '/api/providers',
        url: `${authUrl}/api/providers${providersQuery(query)}`,
        // A bare list, unlike everything of the Data API.
        read: (body) => listingOf(body, providerShape),
      }),
    bank: (access) => bankOf(data, access),
  };
}

function providersQuery(query: ProvidersQuery): string {
  // `clientId` in camel case and `country` in the singular: so the wire has it.
  const words = Object.entries({
    clientId: query.clientId ?? '',
    scopes: (query.scopes ?? []).join(' '),
    country: (query.countries ?? []).join(' '),
  }).filter(([, value]) => value !== '');
  if (words.length === 0) return '';
  return `?${words.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`;
}

/** The address without a final slash, once it is known that a secret may go there. */
function baseOf(address: string, allowHttp: boolean): string {
  const { protocol, hostname, origin, pathname } = new URL(address);
  const local = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
  if (protocol !== 'https:' && !(protocol === 'http:' && allowHttp && local)) {
    throw new RangeError(`${hostname} must be called by https`);
  }
  return `${origin}${pathname}`.replace(/\/+$/, '');
}

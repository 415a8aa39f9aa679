/** What a refusal or failure of TrueLayer's means to us. */
export type BankMeaning =
  /** The access token is not, or no longer, valid: refresh once and ask again. */
  | 'TOKEN_REJECTED'
  /** The refresh token is dead. Only this sends a user to re-consent. */
  | 'GRANT_ENDED'
  /** This consent cannot be extended, though it may live to its end: begin a new link. */
  | 'NOT_EXTENDABLE'
  /** The authorization code is wrong, used or older than five minutes: begin a new link. */
  | 'CODE_REFUSED'
  /** The bank knows no such connection any more: there is nothing left to revoke. */
  | 'CONNECTION_GONE'
  /** Our client id or secret is wrong. No consent is to blame. */
  | 'OPERATOR_FAULT'
  /** The consent does not, or no longer, cover this; some banks say it past the history window. */
  | 'ACCESS_DENIED'
  /** The history window has closed; the last 90 days still answer. */
  | 'SCA_EXCEEDED'
  /** The days asked for reach further than the bank serves. */
  | 'RANGE_REFUSED'
  /** The request is malformed: ours to mend. */
  | 'REQUEST_REFUSED'
  /** The bank has left TrueLayer, at least under this provider id. */
  | 'PROVIDER_DEPRECATED'
  /** The account's id is no longer known: list the accounts again and match. */
  | 'ACCOUNT_GONE'
  /** The results of a task are kept no longer: ask the same anew. It says nothing of what they were. */
  | 'RESULTS_GONE'
  /** Too many calls just now. */
  | 'RATE_LIMITED'
  /** The bank's four calls a day without the user are spent. */
  | 'UNATTENDED_LIMIT'
  /** The bank has no such thing, ever: read it as none. */
  | 'NOT_SUPPORTED'
  /** The user must do something at the bank, such as unlock the account. */
  | 'USER_ACTION'
  /** Outage, time-out, nonsense, or an answer that nobody has documented. */
  | 'UNAVAILABLE';

/**
 * Who was asked, as far as the same words mean different things: the token endpoint for a code, or
 * for a refresh (likewise a link that is made from a refresh token); the extension of a consent;
 * its deletion; the debug id of an access token; the list of providers; the bank as a whole, or one
 * account or card of it; the results address of a call that it was asked to make in its own time.
 */
export type EndpointKind =
  | 'exchange'
  | 'refresh'
  | 'extend'
  | 'delete'
  | 'debug'
  | 'providers'
  | 'bank'
  | 'account'
  | 'results';

/** Why there is no answer to classify, where `status` and `code` cannot tell. */
export type FailureReason =
  | 'NETWORK'
  | 'TIMEOUT'
  | 'TOO_LARGE'
  | 'REDIRECTED'
  | 'EMPTY'
  | 'HTML'
  | 'MALFORMED'
  | 'NOT_SUCCEEDED'
  // The results are said to lie where our bearer does not belong.
  | 'FOREIGN_RESULTS'
  // Nothing was called: who we are is not stored, is another by now, or does not open.
  | 'NO_CLIENT'
  | 'OTHER_CLIENT'
  | 'SECRET_CLOSED';

type Row = readonly [
  kinds: readonly EndpointKind[],
  statuses: readonly number[],
  code: string | null,
  meaning: BankMeaning,
];

const EXCHANGE: readonly EndpointKind[] = ['exchange'];
const REFRESH: readonly EndpointKind[] = ['refresh'];
const EXTEND: readonly EndpointKind[] = ['extend'];
const DELETE: readonly EndpointKind[] = ['delete'];
const DEBUG: readonly EndpointKind[] = ['debug'];
// A results address repeats what the bank said to the task, beside what it says of itself.
const BANK: readonly EndpointKind[] = ['bank', 'account', 'results'];
const ACCOUNT: readonly EndpointKind[] = ['account'];
const RESULTS: readonly EndpointKind[] = ['results'];
const ANY: readonly EndpointKind[] = [
  ...EXCHANGE,
  ...REFRESH,
  ...EXTEND,
  ...DELETE,
  ...DEBUG,
  'providers',
  ...BANK,
];

/**
 * The one table from endpoint, status and code to meaning; the first row that fits counts, a
 * `null` code fits every code, and what fits no row is `UNAVAILABLE`. Texts never decide: they
 * change, and two of the documented 403 examples carry each other's.
 */
const TABLE: readonly Row[] = [
  [EXCHANGE, [400, 401], 'invalid_grant', 'CODE_REFUSED'],
  [EXCHANGE, [400, 401], 'invalid_authorization_code', 'CODE_REFUSED'],
  [REFRESH, [400, 401], 'invalid_grant', 'GRANT_ENDED'],
  // An older spelling of the same: a refresh token that the server does not know.
  [REFRESH, [401], 'invalid_request', 'GRANT_ENDED'],
  [ANY, [400, 401, 403], 'invalid_client', 'OPERATOR_FAULT'],
  [ANY, [400, 401, 403], 'unauthorized_client', 'OPERATOR_FAULT'],
  // Problem documents bear no code, so here the status alone tells.
  [EXTEND, [401], null, 'GRANT_ENDED'],
  [EXTEND, [422], null, 'NOT_EXTENDABLE'],
  // Only success and 500 are documented. A 401 may be about a token that another has followed; the
  // server's word for what it does not know is final. All else leaves the connection in doubt.
  [DELETE, [401], null, 'TOKEN_REJECTED'],
  [DELETE, [404], 'not_found', 'CONNECTION_GONE'],
  // The consent has expired or was revoked, says the text; a support tool ends no consent by it.
  [DEBUG, [400], 'invalid_request', 'ACCESS_DENIED'],
  [DEBUG, [401], null, 'TOKEN_REJECTED'],
  [BANK, [429], 'provider_request_limit_exceeded', 'UNATTENDED_LIMIT'],
  [BANK, [429], 'provider_too_many_requests', 'RATE_LIMITED'],
  [ANY, [429], null, 'RATE_LIMITED'],
  [BANK, [400], 'invalid_date_range', 'RANGE_REFUSED'],
  [BANK, [400], 'deprecated_provider', 'PROVIDER_DEPRECATED'],
  [BANK, [400], 'validation_error', 'REQUEST_REFUSED'],
  [ANY, [400], null, 'REQUEST_REFUSED'],
  // Words of the mock bank's error users, and of banks reached in the old way.
  [BANK, [401, 403], 'wrong_credentials', 'USER_ACTION'],
  [BANK, [403], 'account_temporarily_locked', 'USER_ACTION'],
  [BANK, [403], 'account_permanently_locked', 'USER_ACTION'],
  [BANK, [403], 'user_input_required', 'USER_ACTION'],
  [BANK, [403], 'mfa_required', 'USER_ACTION'],
  [BANK, [410], 'wrong_bank', 'USER_ACTION'],
  // A 401 is about the token and a 403 about the consent. Any 401 is worth one refresh; of the
  // 403s only those with a known code count, since firewalls answer 403 as well.
  [BANK, [401], null, 'TOKEN_REJECTED'],
  [BANK, [403], 'sca_exceeded', 'SCA_EXCEEDED'],
  [BANK, [403], 'access_denied', 'ACCESS_DENIED'],
  [BANK, [403], 'invalid_credentials_key', 'ACCESS_DENIED'],
  [[...ACCOUNT, ...RESULTS], [404], 'account_not_found', 'ACCOUNT_GONE'],
  [ACCOUNT, [404], null, 'ACCOUNT_GONE'],
  [RESULTS, [404, 410], null, 'RESULTS_GONE'],
  [BANK, [501], 'endpoint_not_supported', 'NOT_SUPPORTED'],
  [BANK, [501], null, 'NOT_SUPPORTED'],
];

/** What an answer other than 200 means; `code` is the `error` of its body, where it has one. */
export function meaningOf(
  kind: EndpointKind,
  status: number,
  code: string | undefined,
): BankMeaning {
  const row = TABLE.find(
    ([kinds, statuses, rowCode]) =>
      kinds.includes(kind) && statuses.includes(status) && (rowCode === null || rowCode === code),
  );
  return row === undefined ? 'UNAVAILABLE' : row[3];
}

/**
 * What a task that has failed means, by the same table: it names a code and no status. A token that
 * it was refused for is the token of then, so that is no news of the one we hold.
 */
export function meaningOfTask(code: string | undefined): BankMeaning {
  const row = TABLE.find(
    ([kinds, , rowCode]) => kinds.includes('results') && rowCode !== null && rowCode === code,
  );
  return row === undefined ? 'UNAVAILABLE' : row[3];
}

const HEALING: ReadonlySet<BankMeaning> = new Set([
  'UNAVAILABLE',
  'RATE_LIMITED',
  'UNATTENDED_LIMIT',
]);

/** Everything that a `BankError` may know. */
export interface BankErrorFields {
  readonly meaning: BankMeaning;
  readonly endpoint: string;
  readonly status?: number | undefined;
  readonly code?: string | undefined;
  readonly fields?: readonly string[] | undefined;
  readonly reason?: FailureReason | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly correlationId?: string | undefined;
}

/**
 * TrueLayer, or the bank behind it, did not give what was asked. Holds no header, body, token or
 * underlying error, because the queue stores errors whole and logs print them.
 */
export class BankError extends Error {
  /** What it means to us; the only part that decides anything. */
  readonly meaning: BankMeaning;
  /** The path's template, `/accounts/{id}/balance`. */
  readonly endpoint: string;
  /** The HTTP status; undefined where no answer came. */
  readonly status: number | undefined;
  /** TrueLayer's own code, `provider_error`. */
  readonly code: string | undefined;
  /** The fields of our request that were at fault, where the answer names them; never values. */
  readonly fields: readonly string[];
  /** Why the answer, if any, was of no use. */
  readonly reason: FailureReason | undefined;
  /** How long we were asked to wait, 0 to 86,400. */
  readonly retryAfterSeconds: number | undefined;
  /** TrueLayer's id of the call, for their support. */
  readonly correlationId: string | undefined;

  constructor(fields: BankErrorFields) {
    const { status, code, reason } = fields;
    const words = [status, code, ...(fields.fields ?? []), reason].filter(
      (word) => word !== undefined,
    );
    super(`TrueLayer ${fields.endpoint}: ${fields.meaning} (${words.join(' ')})`);
    this.name = 'BankError';
    this.meaning = fields.meaning;
    this.endpoint = fields.endpoint;
    this.status = fields.status;
    this.code = fields.code;
    this.fields = fields.fields ?? [];
    this.reason = fields.reason;
    this.retryAfterSeconds = fields.retryAfterSeconds;
    this.correlationId = fields.correlationId;
  }

  /**
   * True where the same call can succeed later with nothing changed. A rejected token wants a
   * refresh and an operator's fault a person, so both are false.
   */
  get tryAgain(): boolean {
    return HEALING.has(this.meaning);
  }
}

/** An answer with status 200 that says nothing we can use. */
export class UnreadableAnswer extends Error {
  readonly reason: FailureReason;

  constructor(reason: FailureReason) {
    super(reason);
    this.name = 'UnreadableAnswer';
    this.reason = reason;
  }
}

/** Somebody who can sign in at every simulated bank. */
export interface User {
  /** Names the person to the generator: `john`, `john7`, `john/iban`, `error.provider_error`. */
  readonly key: string;
  readonly fullName: string;
  /** 0 for john, 1 to 100 for john1 to john100. */
  readonly number: number;
  /** True for the users whose accounts at the mock bank have an IBAN each. */
  readonly ownIbans: boolean;
}

const JOHN = /^john(|[1-9]\d?|100)$/;

/** The users with which every call to the Data API fails, after a sign-in that works. */
export const ERROR_USERS: ReadonlyMap<string, readonly [status: number, code: string]> = new Map([
  ['error.account_permanently_locked', [403, 'account_permanently_locked']],
  ['error.account_temporarily_locked', [403, 'account_temporarily_locked']],
  ['error.internal_error', [500, 'internal_server_error']],
  ['error.provider_error', [503, 'provider_error']],
  ['error.user_input_required', [403, 'user_input_required']],
  ['error.wrong_credentials', [401, 'wrong_credentials']],
]);

/**
 * Signs a user in at a bank: john/doe, john1/doe1 to john100/doe100, the same with iban in place
 * of doe, john/eternal, and the error users with the password `error`.
 *
 * @returns undefined if username and password do not belong together
 */
export function signIn(username: string, password: string): User | undefined {
  const name = username.trim().toLowerCase();
  if (ERROR_USERS.has(name)) return password === 'error' ? userOf(name) : undefined;
  const match = JOHN.exec(name);
  if (match === null) return undefined;
  const number = match[1] ?? '';
  if (password === `doe${number}`) return userOf(name);
  if (password === `iban${number}`) return userOf(`${name}/iban`);
  if (name === 'john' && password === 'eternal') return userOf(name);
  return undefined;
}

/**
 * The user with a key that `signIn` gave.
 *
 * @throws RangeError for any other text
 */
export function userOf(key: string): User {
  const [name = '', style] = key.split('/');
  const match = JOHN.exec(name);
  if ((match === null && !ERROR_USERS.has(name)) || (style !== undefined && style !== 'iban')) {
    throw new RangeError(`no such simulated user: ${JSON.stringify(key.slice(0, 40))}`);
  }
  return {
    key,
    fullName: 'John Doe',
    number: Number(match?.[1] ?? 0),
    ownIbans: style === 'iban',
  };
}

/** Somebody who can sign in at every simulated bank. */
export interface User {
  /** Names the user, and how they signed in: `john`, `john7/iban`, `john/eternal`, `user12`. */
  readonly key: string;
  /** Whose accounts these are. Users of one person see the same ids and rows. */
  readonly person: string;
  readonly fullName: string;
  /** 0 for john and the error users, 1 to 100 for john1 to john100, from 101 on for the crowd. */
  readonly number: number;
  /** True for the users whose accounts at the mock bank have an IBAN each. */
  readonly ownIbans: boolean;
  /** True for the user whose bank lets a connection go on without a login. */
  readonly extendsWithoutLogin: boolean;
}

const JOHN = /^john(|[1-9]\d?|100)$/;
const CROWD = /^user([1-9]\d{0,3}|10000)$/;

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
 * of doe, john/eternal, the error users with the password `error`, and for crowds user1/pass1 to
 * user10000/pass10000.
 *
 * @returns undefined if username and password do not belong together
 */
export function signIn(username: string, password: string): User | undefined {
  const name = username.trim().toLowerCase();
  const key = keyFor(name, password);
  return key === undefined ? undefined : findUser(key);
}

/**
 * The user with a key that `signIn` gave.
 *
 * @throws RangeError for any other text
 */
export function userOf(key: string): User {
  const user = findUser(key);
  if (user === undefined) {
    throw new RangeError(`no such simulated user: ${JSON.stringify(key.slice(0, 40))}`);
  }
  return user;
}

function keyFor(name: string, password: string): string | undefined {
  if (ERROR_USERS.has(name)) return password === 'error' ? name : undefined;
  const inCrowd = CROWD.exec(name);
  if (inCrowd !== null) return password === `pass${inCrowd[1]}` ? name : undefined;
  const number = JOHN.exec(name)?.[1];
  if (number === undefined) return undefined;
  if (password === `doe${number}`) return name;
  if (password === `iban${number}`) return `${name}/iban`;
  return password === 'eternal' ? `${name}/eternal` : undefined;
}

function findUser(key: string): User | undefined {
  const [person = '', style] = key.split('/', 2);
  const john = JOHN.exec(person)?.[1];
  const plain: User = {
    key,
    person,
    fullName: 'John Doe',
    number: Number(john ?? 0),
    ownIbans: false,
    extendsWithoutLogin: false,
  };
  if (key === `${person}/iban` && john !== undefined) return { ...plain, ownIbans: true };
  if (key === 'john/eternal') return { ...plain, extendsWithoutLogin: true };
  if (style !== undefined) return undefined;
  if (john !== undefined || ERROR_USERS.has(person)) return plain;
  const number = Number(CROWD.exec(person)?.[1] ?? 0);
  return number === 0 ? undefined : { ...plain, fullName: crowdName(number), number: 100 + number };
}

const FIRST_NAMES =
  'Amara Ben Chloé Dmitri Eilidh Farah George Hannah Ivan Jasmine Kwame Leïla Magnus Niamh Omar Priya Quentin Rosa Søren Tariq Una Viktor Wei Zofia'.split(
    ' ',
  );

const LAST_NAMES =
  "Adeyemi Baker Chowdhury Davies Evans Fernández Green Hughes Ibrahim Jones Khan Lewandowski MacLeod Nguyen O'Brien Patel Quinn Rossi Smith Taylor Umarov Wood Young".split(
    ' ',
  );

/** Names repeat in a crowd, as they do in life; the numbers of the lists share no divisor. */
function crowdName(number: number): string {
  const first = FIRST_NAMES[number % FIRST_NAMES.length] ?? '';
  return `${first} ${LAST_NAMES[number % LAST_NAMES.length] ?? ''}`;
}

import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { CANARY } from '../support/leaks.ts';
import { User } from '../support/user.ts';

let test: TestHouse;
let alice: User;

beforeAll(async () => {
  test = await startTestHouse({ clock: storyClock() });
  alice = new User(test, 'alice');
});
// Looks through all the answers once more.
afterAll(() => test.close());

const COMPLETE = `mutation ($input: CompleteConsentInput!) { completeConsent(input: $input) { __typename } }`;

async function refusal(query: string, variables: object): Promise<readonly string[]> {
  const { errors = [] } = await alice.ask(query, variables);
  return errors.map(({ message }) => message);
}

it.each([
  [{ code: CANARY }, ['Variable "$input" got invalid value; the field "state" is missing.']],
  [
    { code: { secret: CANARY }, state: 1 },
    [
      'Variable "$input" got invalid value at "input.code"; String cannot represent a non string value.',
      'Variable "$input" got invalid value at "input.state"; String cannot represent a non string value.',
    ],
  ],
  [{ code: CANARY, state: 's', [CANARY]: 1 }, ['Variable "$input" got invalid value.']],
  [`at "${CANARY}.x"; ${CANARY} is`, ['Variable "$input" got invalid value.']],
])('variables %j are refused without a word of what they hold', async (input, messages) => {
  expect(await refusal(COMPLETE, { input })).toEqual(messages);
});

it('a scalar says how it is written, not what came', async () => {
  const query = `query ($from: Date) { accounts { nodes { transactions(from: $from) { nodes { id } } } } }`;
  expect(await refusal(query, { from: CANARY })).toEqual([
    'Variable "$from" got invalid value; Date is a calendar day that exists, written 2026-03-01.',
  ]);
});

it.each([
  ['query ($id: ID!) { consent(id: $id) { id } }', { id: CANARY }, 'Invalid global ID.'],
  [
    'query ($after: String) { consents(after: $after) { nodes { id } } }',
    { after: CANARY },
    'Invalid cursor.',
  ],
])('%s does not repeat an id that is none', async (query, variables, message) => {
  expect(await refusal(query, variables)).toEqual([message]);
});

it.each([`{"query": "${CANARY}`, CANARY])(
  'a body that is no JSON is refused unread: %s',
  async (body) => {
    for (const accept of ['*/*', 'application/json', 'application/graphql-response+json']) {
      const headers = { accept, 'content-type': 'application/json' };
      const response = await fetch(`${test.house.url}/graphql`, { method: 'POST', headers, body });
      expect([response.status, await response.text()]).toEqual([
        400,
        expect.not.stringContaining(CANARY),
      ]);
    }
  },
);

it.each([
  [
    `mutation { completeConsent(input: "${CANARY}") { __typename } }`,
    'Expected value of type "CompleteConsentInput" to be an object.',
  ],
  [
    `mutation { completeConsent(input: { code: "${CANARY}" }) { __typename } }`,
    'Expected value of type "CompleteConsentInput" to include required field "state".',
  ],
  [
    `mutation { completeConsent(input: { state: "${CANARY}", cod: "${CANARY}: \\": found" }) { __typename } }`,
    'Expected value of type "CompleteConsentInput" not to include unknown field "cod". Did you mean "code"?',
  ],
  [
    `mutation { completeConsent(input: { state: ${CANARY.replaceAll('-', '_')} }) { __typename } }`,
    'String cannot represent a non string value.',
  ],
  [`{ consents(first: "${CANARY}") { nodes { id } } }`, 'Int cannot represent non-integer value.'],
  [
    `{ operations { authLinks(from: "${CANARY}") { issued } } }`,
    'DateTime cannot represent an invalid date-time-string.',
  ],
  [
    `mutation { revokeConsent(input: { id: "x", data: "${CANARY}" }) { __typename } }`,
    'Enum "RevokedData" cannot represent non-enum value.',
  ],
  [
    `mutation { revokeConsent(input: { id: "x", data: KEPT }) { __typename } }`,
    'The value is none of "RevokedData".',
  ],
  [`mutation { completeConsent "${CANARY}" }`, 'Syntax Error: Expected Name, found String.'],
  [
    `mutation { completeConsent """a "${CANARY}" b""" }`,
    'Syntax Error: Expected Name, found BlockString.',
  ],
])('the document %s is refused without the values in it', async (query, message) => {
  expect(await refusal(query, {})).toEqual([message]);
});

it.each(['variables', 'extensions'])(
  '%s of an address that are no JSON are the caller’s fault, and stand nowhere',
  async (name) => {
    for (const method of ['GET', 'POST']) {
      const parameters = `query={__typename}&${name}=${CANARY}`;
      const response =
        method === 'GET'
          ? await fetch(`${test.house.url}/graphql?${parameters}`)
          : await fetch(`${test.house.url}/graphql`, {
              method,
              headers: { 'content-type': 'application/x-www-form-urlencoded' },
              body: parameters,
            });
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({
        errors: [
          {
            message: '`variables` and `extensions` have to be JSON.',
            extensions: { code: 'BAD_REQUEST' },
          },
        ],
      });
    }
    expect(test.logLines.join('')).not.toContain(CANARY);
    expect(test.logLines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  },
);

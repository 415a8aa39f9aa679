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

it('parameters of an address that are no JSON stand in no log', async () => {
  const address = `${test.house.url}/graphql?query={__typename}&variables=${CANARY}`;
  expect(await (await fetch(address)).text()).not.toContain(CANARY);
  expect(test.logLines.join('')).toContain('is not valid JSON');
  expect(test.logLines.join('')).not.toContain(CANARY);
});

/** What the demo offers to paste into GraphiQL: a question and the query that answers it. */
export const QUERIES_TO_TRY: readonly (readonly [question: string, query: string])[] = [
  [
    'What is in my accounts, what do I owe?',
    `{ accounts { nodes { displayName balance {
  current { amount currency } owed { amount currency } } } } }`,
  ],
  [
    'What did I last spend money on?',
    `{ transactions(first: 5) { nodes {
  bookedOn description category amount { amount currency } } } }`,
  ],
  [
    'How long can my banks be read, and how far back?',
    `{ consents { nodes { provider { displayName } status endsAt
  history { complete oldestDay } } } }`,
  ],
];

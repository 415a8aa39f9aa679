/**
 * One way in which answers are not what the official documents say. Stars stand for anything.
 *
 * - the answers: method, path and status
 * - the fault as the check words it; `header` before those of headers, `no entry` where the
 *   documents have none for the path, with what it is checked against in its stead; the lines of
 *   that answer hold for it too
 * - why it is right all the same
 */
export type Deviation = readonly [answers: string, fault: string, reason: string];

/** Every deviation that is allowed. One that no answer needs fails the contract's test as well. */
// prettier-ignore
export const DEVIATIONS: readonly Deviation[] = [
  // The documents contradict their own examples, or what has been recorded.
  ['GET */cards/*/balance 200', 'results[].available: must be string', 'a number in the official example'],
  ['GET */standing_orders 200', 'results[].*_payment_amount: must be string', 'numbers in the official example and in recordings'],
  ['GET */standing_orders 200', 'results[].meta.provider_standing_order_id: unknown', 'in the recorded mock bank'],
  ['GET */cards* 200', 'results[].provider.display_name: unknown', 'in the recorded mock bank; documented for accounts'],
  ['GET */cards* 200', 'results[].provider.logo_uri: unknown', 'in the recorded mock bank; documented for accounts'],
  ['GET */me 200', 'results[].scopes[]: "direct_debits" is not in its enum', 'the enum lacks two of the eight documented scopes'],
  ['GET */me 200', 'results[].scopes[]: "standing_orders" is not in its enum', 'the enum lacks two of the eight documented scopes'],
  ['GET */batch/results 200', 'results.cards[].balance.available: must be string', 'a number in the official example'],
  ['GET */batch/results 200', 'request.*: must match format "date-time"', 'without a zone in the official example'],
  ['POST /connections/extend 400', 'errors: must be array', 'an object in the official example'],
  ['GET /api/providers* 200', 'body: a list, where the schema describes one row', 'a bare array in the official example'],
  ['GET /api/providers* 200', 'body[].availability: unknown', 'in the official example'],
  ['GET /api/providers* 200', 'body[].scopes: must be string', 'an array in the official example'],
  ['GET /api/providers* 200', 'body[].scopes: not in its enum', 'an array of them in the official example'],
  ['GET /api/providers* 200', 'body[].steps[].*: missing', 'a step has fields, and they have these, in the official example'],
  ['GET /api/providers* 200', 'body[].steps[].title: unknown', 'in the official example'],
  ['GET /api/providers* 200', 'body[].steps[].fields: unknown', 'in the official example'],
  ['GET /v1/tracked-events 200', 'results: a list, where the schema describes one row', 'a list in the official example'],

  // Enums that are closed in the documents and open in life.
  ['GET * 200', '*currency: "JPY" is not in its enum', 'the enum has four currencies; banks have accounts in others'],
  ['GET * 200', '*currency: "KWD" is not in its enum', 'the enum has four currencies; banks have accounts in others'],
  ['GET * 200', '*currency: "PLN" is not in its enum', 'the enum has four currencies, and providers from Poland'],
  ['GET /api/providers* 200', 'body[].country: "at" is not in its enum', 'a country that the filter of the same call knows'],
  ['GET /api/providers* 200', 'body[].country: "be" is not in its enum', 'a country that the filter of the same call knows'],
  ['GET /api/providers* 200', 'body[].country: "fi" is not in its enum', 'a country that the filter of the same call knows'],
  ['GET /api/providers* 200', 'body[].country: "nl" is not in its enum', 'a country that the filter of the same call knows'],
  ['GET /api/providers* 200', 'body[].country: "pt" is not in its enum', 'a country that the filter of the same call knows'],
  ['POST /connect/token 400', 'error: "invalid_client" is not in its enum', 'documented in the list of errors'],
  ['POST /connect/token 400', 'error: "invalid_authorization_code" is not in its enum', 'documented in the list of errors'],

  // Nothing is documented.
  ['DELETE /api/delete 401', 'status: 401 is not documented', 'the other calls of the auth server with a bearer answer so'],
  ['GET /data/v1/results/{task_id} 200', 'no entry, checked as GET /data/v1/accounts 202', 'what a poll answers before the end is unknown: the 202 again, as a 200'],
  ['GET /data/v1/results/{task_id} 200', 'no entry, checked as GET /data/v1/* 200', 'a task that has succeeded has the answer of its call'],
  ['GET /data/v1/results/{task_id} 200', 'error*: unknown', 'what a failed task answers is unknown: its status and the error of its call'],
  ['GET /data/v1/results/{task_id} *', 'no entry, checked as GET /data/v1/accounts *', 'errors of polls are unknown: those of the calls'],
  ['GET /data/v1/batch/results/{task_id} 200', 'no entry, checked as POST /data/v1/batch/transactions 202', 'as for other polls'],
  ['GET /data/v1/batch/results/{task_id} *', 'no entry, checked as GET /data/v1/batch/results *', 'results_uri has the task in its path, which the entry forgets'],
  ['GET /api/providers/* 200', 'no entry, checked as GET /api/providers 200', 'recorded from 2019 to 2022'],
  ['GET /.well-known/openid-configuration 200', 'no entry', 'the auth server is known to have a discovery document'],
  ['GET */jwks 200', 'no entry', 'named by the discovery document'],

  // Headers.
  ['*', 'header date: must match format "date-time"', 'HTTP has a format of its own'],
  ['*', 'header last-modified: must match format "date-time"', 'HTTP has a format of its own'],
  ['*', 'header content-encoding: missing', 'small answers are not worth compressing'],
  ['* 401', 'header x-credentials-id: missing', 'a bearer that is none belongs to no connection'],
];

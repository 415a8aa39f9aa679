import { jsonAnswer, type Answer } from './answer.ts';
import { supports, type Bank } from './bank.ts';
import { dataError } from './data-errors.ts';
import type { Grant } from './grant.ts';
import type { Wire } from './wire.ts';
import type { SimulatorRequest, World } from './world.ts';

/** A call to the Data API that has passed its bearer: what the endpoints work with. */
export interface DataCall {
  readonly world: World;
  readonly request: SimulatorRequest;
  readonly grant: Grant;
  readonly bank: Bank;
  readonly now: Date;
}

/** A successful answer; even a single thing comes as a list. */
export function results(list: readonly Wire[]): Answer {
  return jsonAnswer(200, { results: list, status: 'Succeeded' });
}

/** The 501 or 403 that a call earns for lack of a feature or a scope; undefined if it has all. */
export function lackOf(call: DataCall, ...scopes: readonly string[]): Answer | undefined {
  // The bank comes first: a card company answers 501 for accounts, whatever was allowed.
  if (!scopes.every((scope) => supports(call.bank, scope)))
    return dataError('endpoint_not_supported');
  if (!scopes.every((scope) => call.grant.scopes.includes(scope)))
    return dataError('access_denied');
  return undefined;
}

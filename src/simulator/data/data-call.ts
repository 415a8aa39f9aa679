import { jsonAnswer, type Answer } from '../answer.ts';
import { supports, type Bank } from '../banks/bank.ts';
import { dataError } from './data-errors.ts';
import type { Grant } from '../auth/grant.ts';
import type { Holdings, View } from '../people/ledger.ts';
import type { Wire } from './wire.ts';
import type { SimulatorRequest, World } from '../world.ts';

/** A call to the Data API that has passed its bearer: what the endpoints work with. */
export interface DataCall {
  readonly world: World;
  readonly request: SimulatorRequest;
  readonly grant: Grant;
  readonly bank: Bank;
  readonly holdings: Holdings;
}

/** A question that only the bank can answer, found good before it gets there. */
export interface BankQuestion {
  /** What the bank counts it as: all pages of an account's transactions are one endpoint. */
  readonly endpoint: string;
  /**
   * The bank's answer, as it is at that moment.
   *
   * @param taskId - of the task that asks, where one does
   */
  ask(view: View, taskId?: string): Answer;
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

/** True while a bank still gives what it gives only shortly after authentication. */
export function isInWindow({ bank, grant }: DataCall, now: Date): boolean {
  return now.getTime() <= grant.authenticatedAt.getTime() + bank.windowSeconds * 1000;
}

/** The refusal of a list that a bank shows inside its window only; undefined where it shows it. */
export function windowRefusal(call: DataCall, scope: string, now: Date): Answer | undefined {
  if (!call.bank.onlyInWindow.includes(scope) || isInWindow(call, now)) return undefined;
  return refusalOf(call.bank, `${scope} only`);
}

/** A bank's own way to say that it is too late, with its words in the details. */
export function refusalOf(bank: Bank, what: string): Answer {
  const minutes = Math.round(bank.windowSeconds / 60);
  // The wrong range is the error of a request for days; without any, access is what is denied.
  const code =
    bank.refusal === 'invalid_date_range' && !what.startsWith('older')
      ? 'sca_exceeded'
      : bank.refusal;
  return dataError(code, {
    provider_details: `403 ${code}: ${what} within ${minutes} minutes of PSU Authentication`,
  });
}

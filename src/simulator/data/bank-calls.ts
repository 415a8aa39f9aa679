import { DAY, HOUR, nowOf, type Clock } from '../../base/clock.ts';
import type { Answer } from '../answer.ts';
import { keepNewest } from '../bounded-map.ts';
import { isInWindow, type DataCall } from './data-call.ts';
import { dataError } from './data-errors.ts';
import type { View } from '../people/ledger.ts';

/** What the service remembers of the calls that it has put to banks. */
export interface BankCalls {
  /** The moment of which an identical request of the last hour was answered. */
  answered(request: string): View | undefined;
  /** Notes a good answer, so that the request is answered alike for an hour. */
  noteAnswer(request: string, view: View): void;
  /** Counts a call without a user; false if the day's number is used up already. */
  spend(endpoint: string, perDay: number): boolean;
  /** Forgets answers, so that the next request reaches the bank. */
  forgetAnswers(): void;
}

/** How long an identical request is answered from memory. */
export const ANSWER_LIFE = HOUR;

const KEPT_MAX = 100_000;

/** No calls yet. */
export function makeBankCalls(clock: Clock): BankCalls {
  // Not the answers, only their moments: given the same moment, the same answer is made again.
  const answers = new Map<string, View>();
  const spent = new Map<string, readonly number[]>();
  return {
    answered(request) {
      const view = answers.get(request);
      const age = view === undefined ? Infinity : clock.now() - view.now.getTime();
      return age >= 0 && age < ANSWER_LIFE ? view : undefined;
    },
    noteAnswer: (request, view) => keepNewest(answers, request, view, KEPT_MAX),
    spend(endpoint, perDay) {
      const now = clock.now();
      const today = (spent.get(endpoint) ?? []).filter((at) => at > now - DAY && at <= now);
      if (today.length >= perDay) return false;
      keepNewest(spent, endpoint, [...today, now], KEPT_MAX);
      return true;
    },
    forgetAnswers: () => answers.clear(),
  };
}

/**
 * Whether a call gets through to the bank: one that is down answers nothing, and without the user
 * being present it answers a few times a day, unless consent was given a moment ago.
 *
 * @returns the refusal; undefined if the bank may be asked
 */
export function reachBank(call: DataCall, endpoint: string): Answer | undefined {
  const { bank, grant, request, world } = call;
  if (!bank.healthy) return dataError('provider_error');
  const isAttended = request.headers['x-psu-ip'] !== undefined;
  if (isAttended || isInWindow(call, nowOf(world.clock))) return undefined;
  const counted = `${grant.credentialsId} ${endpoint}`;
  const isLeft = world.bankCalls.spend(counted, bank.unattendedCallsPerDay);
  return isLeft ? undefined : dataError('provider_request_limit_exceeded');
}

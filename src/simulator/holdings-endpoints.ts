import { addDays, startOf, type Day } from '../base/days.ts';
import { emptyAnswer, type Answer } from './answer.ts';
import { lackOf, results, type DataCall } from './data-call.ts';
import { dataError } from './data-errors.ts';
import { readDateRange } from './date-range.ts';
import { bookedAt, pendingAt, type Holdings, type Ledger } from './ledger.ts';
import type { Bank } from './bank.ts';
import { wireBalance, wireHolding, wireTransaction, type Wire } from './wire.ts';

/** Accounts and cards answer alike; only the scope, the shape and the sign differ. */
export type HoldingKind = 'accounts' | 'cards';

/** `/accounts` or `/cards`: what the user chose to share of that kind. */
export function listHoldings(call: DataCall, kind: HoldingKind): Answer {
  const lack = lackOf(call, kind);
  if (lack !== undefined) return lack;
  const { holdings, ledgers } = shared(call, kind);
  return results(ledgers.map((ledger) => wireHolding(holdings, ledger, call.world.url, call.now)));
}

/** One account or card, and what lies below it. */
export function readHolding(call: DataCall, kind: HoldingKind, id: string, part: string): Answer {
  const lack = lackOf(call, kind, ...(SCOPES_OF_PARTS.get(part) ?? []));
  if (lack !== undefined) return lack;
  const { holdings, ledgers } = shared(call, kind);
  const ledger = ledgers.find(({ account }) => account.id === id);
  if (ledger === undefined) return dataError('account_not_found');
  switch (part) {
    case '':
      return results([wireHolding(holdings, ledger, call.world.url, call.now)]);
    case 'balance':
      return results([wireBalance(ledger, call.now)]);
    case 'transactions':
      return readTransactions(call, ledger);
    case 'transactions/pending':
      return call.bank.pending
        ? results(wirePending(call.bank, ledger, call.now))
        : dataError('endpoint_not_supported');
    case 'standing_orders':
    case 'direct_debits':
      // The rows have direct debits, but these lists of mandates are not simulated yet.
      return dataError('endpoint_not_supported');
    default:
      return emptyAnswer(404);
  }
}

const SCOPES_OF_PARTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['balance', ['balance']],
  ['transactions', ['transactions']],
  ['transactions/pending', ['transactions']],
  ['standing_orders', ['standing_orders']],
  ['direct_debits', ['direct_debits']],
]);

/** Booked rows between two days, both included, newest first. */
export function wireBooked(
  bank: Bank,
  ledger: Ledger,
  from: Day,
  to: Day,
  now: Date,
): readonly Wire[] {
  const { count } = bookedAt(ledger, now);
  const start = startOf(from).getTime();
  const end = startOf(addDays(to, 1)).getTime();
  const wanted: Wire[] = [];
  for (let index = count - 1; index >= 0; index -= 1) {
    const row = ledger.rows[index];
    if (row === undefined || row.bookedAt < start) break;
    if (row.bookedAt < end) wanted.push(wireTransaction(bank, ledger, row, 'booked'));
  }
  return wanted;
}

/** The complete set of what is pending at an instant, newest first. */
export function wirePending(bank: Bank, ledger: Ledger, now: Date): readonly Wire[] {
  return pendingAt(ledger, now).map((row) => wireTransaction(bank, ledger, row, 'pending'));
}

function readTransactions(call: DataCall, ledger: Ledger): Answer {
  const { bank, grant, now, request } = call;
  const range = readDateRange(request.query, bank, grant.consentedAt, now);
  switch (range.kind) {
    case 'malformed':
      return dataError('validation_error');
    case 'impossible':
      return dataError('invalid_date_range');
    case 'too-far-back': {
      const minutes = Math.round(bank.windowSeconds / 60);
      const provider_details = `403 ${bank.refusal}: older than ${bank.laterDays} days only within ${minutes} minutes of PSU Authentication`;
      return dataError(bank.refusal, { provider_details });
    }
    case 'days':
      return results(wireBooked(bank, ledger, range.from, range.to, now));
  }
}

function shared(
  call: DataCall,
  kind: HoldingKind,
): { holdings: Holdings; ledgers: readonly Ledger[] } {
  const { grant, now, world } = call;
  const holdings = world.holder.holdingsOf(grant.user, grant.providerId, now);
  const ledgers = holdings.ledgers.filter(
    ({ account }) =>
      (account.role === 'card') === (kind === 'cards') && grant.accountKeys.includes(account.key),
  );
  return { holdings, ledgers };
}

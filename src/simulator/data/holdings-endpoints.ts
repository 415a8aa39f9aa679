import { crc32 } from 'node:zlib';
import { addDays, startOf, type Day } from '../../base/days.ts';
import { accountIdOf, type PlannedAccount } from '../people/accounts-plan.ts';
import { emptyAnswer, type Answer } from '../answer.ts';
import type { Row } from '../people/book.ts';
import {
  isInWindow,
  lackOf,
  refusalOf,
  results,
  windowRefusal,
  type BankQuestion,
  type DataCall,
} from './data-call.ts';
import { dataError } from './data-errors.ts';
import { rangeAt, readRange } from './date-range.ts';
import type { Holdings, View } from '../people/ledger.ts';
import { wireDirectDebits, wireStandingOrders } from '../people/mandates.ts';
import { wireBalance, wireHolding, wireTransaction, type Wire } from './wire.ts';
import type { World } from '../world.ts';

/** Accounts and cards answer alike; only the scope, the shape and the sign differ. */
export type HoldingKind = 'accounts' | 'cards';

/** `/accounts` or `/cards`: what the user chose to share of that kind. */
export function listHoldings(call: DataCall, kind: HoldingKind): Answer | BankQuestion {
  const lack = lackOf(call, kind);
  if (lack !== undefined) return lack;
  return {
    endpoint: `/${kind}`,
    ask: (view) =>
      windowRefusal(call, kind, view.now) ??
      results(shared(call, kind).map((account) => holdingOf(call, account, view.now))),
  };
}

/** One account or card, and what lies below it. */
export function readHolding(
  call: DataCall,
  kind: HoldingKind,
  id: string,
  part: string,
): Answer | BankQuestion {
  const scope = SCOPES_OF_PARTS.get(part);
  const isListed =
    part === '' || (scope !== undefined && (kind === 'accounts' || !ORDERS.has(part)));
  if (!isListed) return emptyAnswer(404);
  const lack = lackOf(call, kind, ...(scope === undefined ? [] : [scope]));
  if (lack !== undefined) return lack;
  const { bank, grant } = call;
  const account = shared(call, kind).find(
    (one) => accountIdOf(bank, one, grant.credentialsId) === id,
  );
  if (account === undefined) return dataError('account_not_found');
  const ask = askOf(call, account, part);
  return 'status' in ask ? ask : { endpoint: `/${kind}/${account.key}/${part}`, ask: ask.ask };
}

function askOf(
  call: DataCall,
  account: PlannedAccount,
  part: string,
): Answer | Pick<BankQuestion, 'ask'> {
  const { bank, holdings, world } = call;
  switch (part) {
    case '':
      return { ask: ({ now }) => results([holdingOf(call, account, now)]) };
    case 'balance':
      return { ask: (view) => results([wireBalance(world.ledgers, holdings, account, view)]) };
    case 'transactions':
      return askTransactions(call, account);
    case 'transactions/pending':
      if (!bank.pending) return dataError('endpoint_not_supported');
      return {
        ask: (view) => results(wirePending(world, holdings, account, view, saltOf(call, view))),
      };
    case 'standing_orders':
      return askOrders(call, part, ({ now }) => wireStandingOrders(holdings, account, now));
    default:
      return askOrders(call, part, (view) =>
        wireDirectDebits(holdings, account, view.now, saltOf(call, view)),
      );
  }
}

const SCOPES_OF_PARTS: ReadonlyMap<string, string> = new Map([
  ['balance', 'balance'],
  ['transactions', 'transactions'],
  ['transactions/pending', 'transactions'],
  ['standing_orders', 'standing_orders'],
  ['direct_debits', 'direct_debits'],
]);

/** There are none of these for cards. */
const ORDERS: ReadonlySet<string> = new Set(['standing_orders', 'direct_debits']);

/** Booked rows between two days, both included, newest first. */
export function wireBooked(
  world: World,
  holdings: Holdings,
  account: PlannedAccount,
  days: { readonly from: Day; readonly to: Day },
  view: View,
  salt = 0,
): readonly Wire[] {
  const until = startOf(addDays(days.to, 1));
  const rows = world.ledgers.booked(holdings, account, startOf(days.from), until, view);
  return wireRows(world, holdings, account, rows.toReversed(), 'booked', salt);
}

/** The complete set of what is pending at a moment, newest first. */
export function wirePending(
  world: World,
  holdings: Holdings,
  account: PlannedAccount,
  view: View,
  salt = 0,
): readonly Wire[] {
  const rows = world.ledgers.pending(holdings, account, view).map((row) => ({ row }));
  return wireRows(world, holdings, account, rows, 'pending', salt);
}

function wireRows(
  world: World,
  { bank }: Holdings,
  account: PlannedAccount,
  entries: readonly { readonly row: Row; readonly balanceMinor?: number }[],
  state: 'booked' | 'pending',
  salt: number,
): readonly Wire[] {
  const serials = entries.map(({ row }) => row.serial);
  const wires: Wire[] = [];
  for (const [index, ids] of world.namesOf(account.id).idsOf(serials, state, salt).entries()) {
    const entry = entries[index];
    if (entry === undefined) continue;
    wires.push(wireTransaction(bank, account, entry.row, ids, entry.balanceMinor));
  }
  return wires;
}

function askTransactions(
  call: DataCall,
  account: PlannedAccount,
): Answer | Pick<BankQuestion, 'ask'> {
  const { bank, holdings, request, world } = call;
  const asked = readRange(request.query);
  if (asked.kind === 'malformed') return dataError('validation_error');
  return {
    ask(view) {
      const range = rangeAt(bank, asked, isInWindow(call, view.now), view.now);
      switch (range.kind) {
        case 'impossible':
          return dataError('invalid_date_range');
        case 'too-far-back':
          return refusalOf(bank, `older than ${bank.laterDays} days only`);
        case 'days':
          return results(wireBooked(world, holdings, account, range, view, saltOf(call, view)));
      }
    },
  };
}

function askOrders(
  call: DataCall,
  scope: string,
  list: (view: View) => readonly Wire[],
): Pick<BankQuestion, 'ask'> {
  return { ask: (view) => windowRefusal(call, scope, view.now) ?? results(list(view)) };
}

function holdingOf({ grant, holdings, world }: DataCall, account: PlannedAccount, now: Date): Wire {
  const id = accountIdOf(holdings.bank, account, grant.credentialsId);
  return wireHolding(holdings, account, id, world.url, now);
}

function shared({ grant, holdings }: DataCall, kind: HoldingKind): readonly PlannedAccount[] {
  return holdings.accounts.filter(
    ({ key, role }) => (role === 'card') === (kind === 'cards') && grant.accountKeys.includes(key),
  );
}

/** Where ids change, each answer has its own; the same question at the same moment has one answer. */
function saltOf({ bank, grant, request }: DataCall, { now }: View): number {
  if (bank.transactionIds === 'steady') return 0;
  return crc32(`${grant.credentialsId} ${request.path}?${request.query} ${now.getTime()}`);
}

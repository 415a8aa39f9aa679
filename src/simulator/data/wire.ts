import { minorDigits } from '../../base/money.ts';
import type { PlannedAccount } from '../people/accounts-plan.ts';
import { supports, type Bank } from '../banks/bank.ts';
import type { Row } from '../people/book.ts';
import { CARD_PAYMENT_DATE, STATEMENT_DATE } from '../people/household-transfers.ts';
import type { Holdings, Ledgers, View } from '../people/ledger.ts';
import { monthOf, startOfDate } from '../people/month.ts';
import type { RowIds } from '../people/row-ids.ts';
import { writeInstant, writeTransactionTime } from './wire-time.ts';

/** Anything as it leaves in JSON; the wire's own field names. */
export type Wire = Readonly<Record<string, unknown>>;

/** An entry of `/accounts` or `/cards`. */
export function wireHolding(
  holdings: Holdings,
  account: PlannedAccount,
  id: string,
  baseUrl: string,
  now: Date,
): Wire {
  const { bank, user } = holdings;
  const provider = {
    display_name: bank.id === 'mock' ? 'MOCK' : bank.name,
    provider_id: bank.id,
    logo_uri: `${baseUrl}/logos/${bank.id}.svg`,
  };
  const common = {
    update_timestamp: writeInstant(now),
    account_id: id,
    display_name: account.displayName,
    currency: account.wireCurrency ?? account.currency,
    provider,
  };
  if (account.role !== 'card') {
    const type = account.role === 'savings' ? 'SAVINGS' : 'TRANSACTION';
    return { ...common, account_type: type, account_number: account.numbers };
  }
  return {
    ...common,
    card_network: account.network,
    card_type: account.network === 'AMEX' ? 'CHARGE' : 'CREDIT',
    partial_card_number: account.numbers['number'],
    // The recorded mock bank has this space at the end; whoever shows names must trim.
    name_on_card: `${user.fullName} `,
  };
}

/** The answer of `…/balance`: booked money as `current`; on a card what is owed, as positive. */
export function wireBalance(
  ledgers: Ledgers,
  holdings: Holdings,
  account: PlannedAccount,
  view: View,
): Wire {
  const { currency, limitMinor } = account;
  const amount = (minor: number) => major(minor, currency);
  const balanceMinor = ledgers.balanceMinor(holdings, account, view);
  const update = { currency, update_timestamp: writeInstant(view.now) };
  if (account.role !== 'card') {
    const reserved = ledgers
      .pending(holdings, account, view)
      .reduce((sum, row) => sum + row.pendingMinor, 0);
    return {
      ...update,
      available: amount(balanceMinor + limitMinor + reserved),
      current: amount(balanceMinor),
      overdraft: amount(limitMinor),
    };
  }
  const thisMonth = monthOf(view.now.getTime());
  const isMade = view.now.getTime() >= startOfDate(thisMonth, STATEMENT_DATE);
  const month = isMade ? thisMonth : thisMonth - 1;
  const statementEnd = new Date(startOfDate(month, STATEMENT_DATE) - 1);
  const dueOn = new Date(startOfDate(month, CARD_PAYMENT_DATE));
  const then = { ...view, now: statementEnd };
  const statement = Math.max(0, -ledgers.balanceMinor(holdings, account, then));
  return {
    ...update,
    available: amount(limitMinor + balanceMinor),
    current: amount(-balanceMinor),
    credit_limit: amount(limitMinor),
    last_statement_balance: amount(statement),
    last_statement_date: statementEnd.toISOString().slice(0, 10),
    payment_due: view.now < dueOn ? amount(statement) : 0,
    payment_due_date: dueOn.toISOString().slice(0, 10),
  };
}

/**
 * A transaction. On accounts money out is negative, on cards money spent is positive. What a bank
 * may leave out is left out on some rows, always the same ones.
 *
 * @param balanceMinor - the balance after it, left out where it is still pending
 */
export function wireTransaction(
  bank: Bank,
  account: PlannedAccount,
  row: Row,
  ids: RowIds,
  balanceMinor?: number,
): Wire {
  const isPending = balanceMinor === undefined;
  const minor = isPending ? row.pendingMinor : row.minor;
  const { words } = row;
  // The mock bank leaves out nothing, and has little to tell.
  const isMock = bank.id === 'mock';
  const sparse = ids.lots[0] < 40 && !isMock;
  const wire: Record<string, unknown> = { transaction_id: ids.own };
  if (bank.normalisedIds && !isPending) wire['normalised_provider_transaction_id'] = ids.normalised;
  if (bank.providerIds) wire['provider_transaction_id'] = ids.provider;
  wire['timestamp'] = writeTransactionTime(bank, isPending ? row.madeAt : row.bookedAt);
  wire['description'] = words.description;
  wire['amount'] = major(account.role === 'card' ? -minor : minor, account.currency);
  wire['currency'] = account.currency;
  wire['transaction_type'] = minor < 0 ? 'DEBIT' : 'CREDIT';
  wire['transaction_category'] = words.category;
  wire['transaction_classification'] = sparse ? [] : words.classification;
  if (words.merchant !== undefined && !sparse) wire['merchant_name'] = words.merchant;
  if (!isPending) addRunningBalance(wire, bank, account, balanceMinor, ids.lots[1]);
  if (!sparse) wire['meta'] = isMock ? metaOf(row) : longMetaOf(account, row);
  return wire;
}

function addRunningBalance(
  wire: Record<string, unknown>,
  bank: Bank,
  account: PlannedAccount,
  balanceMinor: number,
  lot: number,
): void {
  if (bank.runningBalance === 'never') return;
  if (bank.runningBalance === 'sometimes' && lot < 64) return;
  const { currency, role } = account;
  // Some banks send the object and nothing in it.
  const isEmpty = bank.runningBalance === 'sometimes' && lot < 96;
  const amount = major(role === 'card' ? -balanceMinor : balanceMinor, currency);
  wire['running_balance'] = isEmpty ? {} : { currency, amount };
}

function metaOf({ words }: Row): Wire {
  return { provider_transaction_category: words.bankCode };
}

function longMetaOf(account: PlannedAccount, row: Row): Wire {
  const { description, merchant } = row.words;
  return {
    ...metaOf(row),
    ...(account.role === 'card'
      ? { cardNumber: `************${account.numbers['number'] ?? ''}` }
      : {}),
    ...(merchant === undefined ? {} : { provider_merchant_name: description }),
  };
}

/** True if an account or card of this kind can be read at all with these scopes. */
export function isShareable(
  bank: Bank,
  account: PlannedAccount,
  scopes: readonly string[],
): boolean {
  const scope = account.role === 'card' ? 'cards' : 'accounts';
  return scopes.includes(scope) && supports(bank, scope);
}

/**
 * Whole minor units as a JSON number in major units. One division of whole numbers gives the
 * binary number nearest to the decimal, which JSON writes with the decimal's own digits; sums are
 * made before, in whole numbers.
 */
export function major(minor: number, currency: string): number {
  return minor === 0 ? 0 : minor / 10 ** minorDigits(currency);
}

import { createHash } from 'node:crypto';
import type { Bank } from './bank.ts';
import { supports } from './bank.ts';
import { bookedAt, pendingAt, type Holdings, type Ledger, type LedgerRow } from './ledger.ts';
import { writeInstant, writeTransactionTime } from './wire-time.ts';

/** Anything as it leaves in JSON; the wire's own field names. */
export type Wire = Readonly<Record<string, unknown>>;

/** An entry of `/accounts` or `/cards`. */
export function wireHolding(holdings: Holdings, ledger: Ledger, baseUrl: string, now: Date): Wire {
  const { bank, user } = holdings;
  const { account } = ledger;
  const provider = {
    display_name: bank.id === 'mock' ? 'MOCK' : bank.name,
    provider_id: bank.id,
    logo_uri: `${baseUrl}/logos/${bank.id}.svg`,
  };
  const common = {
    update_timestamp: writeInstant(now),
    account_id: account.id,
    display_name: account.displayName,
    currency: account.currency,
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
export function wireBalance(ledger: Ledger, now: Date): Wire {
  const { account } = ledger;
  const { balanceMinor } = bookedAt(ledger, now);
  const update = { currency: account.currency, update_timestamp: writeInstant(now) };
  if (account.role !== 'card') {
    const reserved = pendingAt(ledger, now).reduce((sum, row) => sum + row.pendingMinor, 0);
    return {
      ...update,
      available: major(balanceMinor + account.limitMinor + reserved),
      current: major(balanceMinor),
      overdraft: major(account.limitMinor),
    };
  }
  const month = now.getUTCDate() > 10 ? now.getUTCMonth() : now.getUTCMonth() - 1;
  // The same cut that the payment on the 16th uses: everything booked before the 11th.
  const statementEnd = new Date(Date.UTC(now.getUTCFullYear(), month, 11) - 1);
  const dueOn = new Date(Date.UTC(now.getUTCFullYear(), month, 16));
  const statement = Math.max(0, -bookedAt(ledger, statementEnd).balanceMinor);
  return {
    ...update,
    available: major(account.limitMinor + balanceMinor),
    current: major(-balanceMinor),
    credit_limit: major(account.limitMinor),
    last_statement_balance: major(statement),
    last_statement_date: statementEnd.toISOString().slice(0, 10),
    payment_due: now < dueOn ? major(statement) : 0,
    payment_due_date: dueOn.toISOString().slice(0, 10),
  };
}

/**
 * A transaction. On accounts money out is negative, on cards money spent is positive. What a bank
 * may leave out is left out on some rows, always the same ones.
 */
export function wireTransaction(
  bank: Bank,
  ledger: Ledger,
  row: LedgerRow,
  state: 'booked' | 'pending',
): Wire {
  const { account } = ledger;
  const isCard = account.role === 'card';
  const digest = createHash('sha256').update(`${account.id} ${row.serial} ${state}`).digest();
  const id = digest.toString('hex');
  const minor = state === 'pending' ? row.pendingMinor : row.minor;
  const { words } = row;
  const sparse = (digest[31] ?? 0) < 40;
  const balance = state === 'booked' ? wireRunningBalance(bank, ledger, row, digest[30] ?? 0) : {};
  return {
    transaction_id: id.slice(0, 32),
    ...(bank.normalisedIds && state === 'booked'
      ? { normalised_provider_transaction_id: `txn-${id.slice(32, 49)}` }
      : {}),
    ...(bank.providerIds ? { provider_transaction_id: id.slice(49, 59).toUpperCase() } : {}),
    timestamp: writeTransactionTime(bank, state === 'pending' ? row.madeAt : row.bookedAt),
    description: words.description,
    amount: major(isCard ? -minor : minor),
    currency: account.currency,
    transaction_type: minor < 0 ? 'DEBIT' : 'CREDIT',
    transaction_category: words.category,
    transaction_classification: sparse ? [] : words.classification,
    ...(words.merchant === undefined || sparse ? {} : { merchant_name: words.merchant }),
    ...balance,
    ...wireMeta(bank, ledger, row, sparse),
  };
}

function wireRunningBalance(bank: Bank, ledger: Ledger, row: LedgerRow, lot: number): Wire {
  if (bank.runningBalance === 'never') return {};
  if (bank.runningBalance === 'sometimes' && lot < 64) return {};
  if (bank.runningBalance === 'sometimes' && lot < 96) return { running_balance: {} };
  const minor = ledger.account.role === 'card' ? -row.balanceMinor : row.balanceMinor;
  return { running_balance: { amount: major(minor), currency: ledger.account.currency } };
}

function wireMeta(bank: Bank, ledger: Ledger, row: LedgerRow, sparse: boolean): Wire {
  if (sparse && bank.id !== 'mock') return {};
  const { words } = row;
  const card = ledger.account.numbers['number'] ?? '';
  return {
    meta: {
      provider_transaction_category: words.bankCode,
      ...(ledger.account.role === 'card' ? { cardNumber: `************${card}` } : {}),
      ...(words.merchant === undefined ? {} : { provider_merchant_name: words.description }),
    },
  };
}

/** True if an account or card of this kind can be read at all with these scopes. */
export function isShareable(bank: Bank, ledger: Ledger, scopes: readonly string[]): boolean {
  const scope = ledger.account.role === 'card' ? 'cards' : 'accounts';
  return scopes.includes(scope) && supports(bank, scope);
}

/**
 * Whole minor units as a JSON number in major units. One division of whole numbers gives the
 * binary number nearest to the decimal, which JSON writes with the decimal's own digits; sums are
 * made before, in whole numbers. Every currency of the simulator has two decimals.
 */
export function major(minor: number): number {
  return minor === 0 ? 0 : minor / 100;
}

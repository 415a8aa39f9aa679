import { addDays, parseDay } from '../src/base/days.ts';
import { systemEntropy, uuidOf, uuidv7 } from '../src/base/entropy.ts';
import { parseDecimal } from '../src/base/money.ts';
import type { WireTransaction } from '../src/truelayer/wire-transaction.ts';

/** A row as the bank's answer gives it. */
export type IngestedRow = WireTransaction;

const TODAY = parseDay('2026-03-01');
const ROWS_A_DAY = 5;
const SHOPS = ['TESCO STORES', 'COSTA COFFEE', 'TFL TRAVEL CH', 'AMAZON MARKETPLACE', 'SHELL'];

/** Booked rows such as a bank gives them, newest first, five a day, each with ids of its own. */
export function wireRows(count: number): readonly IngestedRow[] {
  return Array.from({ length: count }, (_, index) => {
    const id = uuidOf('bench', 'row', String(index)).replaceAll('-', '');
    const shop = SHOPS[index % SHOPS.length] ?? '';
    return {
      transactionId: id,
      normalisedId: `txn-${id.slice(0, 17)}`,
      providerTransactionId: `9882ks-${index}`,
      timestamp: { day: addDays(TODAY, -Math.floor(index / ROWS_A_DAY)), instant: null },
      description: `CARD PAYMENT TO ${shop} ${3_000 + (index % 50)}`,
      amount: parseDecimal(`-${index % 97}.${String(index % 100).padStart(2, '0')}`),
      currency: 'GBP',
      type: 'DEBIT',
      category: 'PURCHASE',
      classification: ['Shopping', 'Groceries'],
      merchantName: shop,
      runningBalance: { amount: parseDecimal(`${1_000 + index}.10`), currency: 'GBP' },
      meta: {
        reference: `reference ${index}`,
        counterpartyName: null,
        counterpartyIban: null,
        providerTransactionCategory: 'DEB',
        providerCategory: null,
        providerMerchantName: null,
        address: null,
        userComments: null,
      },
    };
  });
}

/** Where the copied rows belong. */
export interface CopyPlace {
  readonly viewerId: string;
  readonly accountId: string;
  readonly eventId: string;
  /** The number of the viewer's last change. */
  readonly seq: number;
  readonly at: Date;
}

/** What to copy into a table. */
export interface CopyText {
  readonly statement: string;
  readonly text: string;
}

/** The same rows and their log as COPY takes them. */
export function copyTexts(
  rows: readonly IngestedRow[],
  { viewerId, accountId, eventId, seq, at }: CopyPlace,
): { readonly transactions: CopyText; readonly changes: CopyText } {
  const now = at.toISOString();
  const ids = rows.map((_, index) => uuidv7(systemEntropy, at, rows.length - index));
  const transactions = rows.map((row, index) => [
    ids[index],
    viewerId,
    accountId,
    `n:${row.normalisedId}`,
    'BOOKED',
    row.timestamp.day,
    row.amount,
    row.currency,
    row.description,
    row.merchantName,
    row.category,
    `{${row.classification.join(',')}}`,
    row.meta.reference,
    row.runningBalance?.amount,
    row.transactionId,
    row.normalisedId,
    row.providerTransactionId,
    row.meta.providerTransactionCategory,
    now,
    now,
  ]);
  const changes = ids.map((id, index) => {
    return [viewerId, seq + index + 1, 'TRANSACTION', id, 'ADDED', now, eventId];
  });
  return {
    transactions: {
      statement: `copy transaction (id, viewer_id, account_id, identity, status, booked_on, amount,
        currency, description, merchant_name, category, classification, reference, running_balance,
        transaction_id, normalised_id, provider_transaction_id, provider_category, first_seen_at,
        changed_at) from stdin`,
      text: textOf(transactions),
    },
    changes: {
      statement: 'copy change (viewer_id, seq, subject, subject_id, act, at, event_id) from stdin',
      text: textOf(changes),
    },
  };
}

function textOf(rows: readonly (readonly unknown[])[]): string {
  return rows.map((row) => `${row.join('\t')}\n`).join('');
}

import type { App } from '../app.ts';
import { uuidv7 } from '../base/entropy.ts';
import type { ChangeEntry } from '../changes/log.ts';
import type { TransactionStatus } from '../generated/prisma/enums.ts';
import type { Tx } from '../postgres/db.ts';
import type { WireTransaction } from '../truelayer/wire-transaction.ts';
import { identify, type IdentifiedTransaction } from './identity.ts';
import type { TransactionOwner } from './owner.ts';

/** What saving came to. */
export interface SavedTransactions {
  /** Distinct transactions in the answer. */
  readonly rows: number;
  /** Those that were new or said something new, for the change log. */
  readonly changes: readonly ChangeEntry[];
}

const ROWS_PER_STATEMENT = 1_000;

/**
 * Saves the booked transactions of one answer. A transaction that is there already is changed only
 * where the bank now says something else, and what it said before is kept as a version. What the
 * viewer added stays.
 *
 * @param transactions - everything the bank has for whole days
 */
export async function saveBooked(
  app: App,
  tx: Tx,
  account: TransactionOwner,
  transactions: readonly WireTransaction[],
  now: Date,
): Promise<SavedTransactions> {
  return save(app, tx, account, identify(account.kind, transactions), 'BOOKED', now);
}

/**
 * Replaces the account's pending transactions by the complete set that the bank has now. One that
 * is booked meanwhile stays booked.
 *
 * @param transactions - of a successful call only: an empty set removes all
 */
export async function savePending(
  app: App,
  tx: Tx,
  account: TransactionOwner,
  transactions: readonly WireTransaction[],
  now: Date,
): Promise<SavedTransactions> {
  const identified = identify(account.kind, transactions, 'PENDING');
  const gone = await tx.$queryRaw<{ id: string }[]>`
    delete from transaction
    where account_id = ${account.id}::uuid and status = 'PENDING'
      and identity <> all (${identified.map((item) => item.identity)}::text[])
    returning id::text as id`;
  const saved = await save(app, tx, account, identified, 'PENDING', now);
  const removed = gone.map(({ id }): ChangeEntry => ({
    subject: 'TRANSACTION',
    subjectId: id,
    act: 'REMOVED',
    accountId: account.id,
  }));
  return { rows: saved.rows, changes: [...removed, ...saved.changes] };
}

async function save(
  app: App,
  tx: Tx,
  account: TransactionOwner,
  identified: readonly IdentifiedTransaction[],
  status: TransactionStatus,
  now: Date,
): Promise<SavedTransactions> {
  // Banks answer newest first. Ids grow from the oldest, so that a page by day and id keeps the
  // bank's order within a day.
  const oldestFirst = identified.toReversed().map((item, order) => ({
    ...toRow(item, status),
    id: uuidv7(app.entropy, now, order),
  }));
  const changes: ChangeEntry[] = [];
  for (let start = 0; start < oldestFirst.length; start += ROWS_PER_STATEMENT) {
    const batch = oldestFirst.slice(start, start + ROWS_PER_STATEMENT);
    const saved = await upsert(tx, account, JSON.stringify(batch), now);
    for (const { id, added } of saved) {
      const act = added ? 'ADDED' : 'CHANGED';
      changes.push({ subject: 'TRANSACTION', subjectId: id, act, accountId: account.id });
    }
  }
  return { rows: identified.length, changes };
}

function toRow({ identity, amount, signDisputed, wire }: IdentifiedTransaction, status: string) {
  return {
    identity,
    status,
    booked_on: wire.timestamp.day,
    booked_at: wire.timestamp.instant,
    amount,
    currency: wire.currency,
    description: wire.description,
    merchant_name: wire.merchantName ?? wire.meta.providerMerchantName,
    category: wire.category,
    classification: wire.classification,
    counterparty_name: wire.meta.counterpartyName,
    counterparty_iban: wire.meta.counterpartyIban,
    reference: wire.meta.reference,
    running_balance: wire.runningBalance?.amount ?? null,
    transaction_id: wire.transactionId,
    normalised_id: wire.normalisedId,
    provider_transaction_id: wire.providerTransactionId,
    provider_category: wire.meta.providerTransactionCategory,
    sign_disputed: signDisputed,
  };
}

// The columns that make a transaction another version when they change. TrueLayer's own
// transaction_id is none of them: it may differ at every call.
//
// One statement: the old content is read from the snapshot before the update, so that a version is
// written exactly where a row was replaced. A pending view never overwrites a booked row.
function upsert(
  tx: Tx,
  account: TransactionOwner,
  rows: string,
  now: Date,
): Promise<{ id: string; added: boolean }[]> {
  return tx.$queryRaw`
    with incoming as (
      select * from jsonb_to_recordset(${rows}::jsonb) as feed (id uuid, identity text,
        status transaction_status, booked_on date, booked_at timestamptz, amount numeric,
        currency text, description text, merchant_name text, category text, classification text[],
        counterparty_name text, counterparty_iban text, reference text, running_balance numeric,
        transaction_id text, normalised_id text, provider_transaction_id text,
        provider_category text, sign_disputed boolean)
    ), saved as (
      insert into transaction as old (id, viewer_id, account_id, identity, status, booked_on,
        booked_at, amount, currency, description, merchant_name, category, classification,
        counterparty_name, counterparty_iban, reference, running_balance, transaction_id,
        normalised_id, provider_transaction_id, provider_category, sign_disputed, first_seen_at,
        changed_at, origin_account_id)
      select id, ${account.viewerId}::uuid, ${account.id}::uuid, identity, status, booked_on,
        booked_at, amount, currency, description, merchant_name, category, classification,
        counterparty_name, counterparty_iban, reference, running_balance, transaction_id,
        normalised_id, provider_transaction_id, provider_category, sign_disputed, ${now}, ${now},
        ${account.originId ?? null}::uuid
      from incoming
      on conflict (account_id, identity) do update set
        status = excluded.status, booked_on = excluded.booked_on, booked_at = excluded.booked_at,
        amount = excluded.amount, currency = excluded.currency,
        description = excluded.description, merchant_name = excluded.merchant_name,
        category = excluded.category, classification = excluded.classification,
        counterparty_name = excluded.counterparty_name,
        counterparty_iban = excluded.counterparty_iban, reference = excluded.reference,
        running_balance = excluded.running_balance, transaction_id = excluded.transaction_id,
        provider_transaction_id = excluded.provider_transaction_id,
        provider_category = excluded.provider_category, sign_disputed = excluded.sign_disputed,
        version = old.version + 1, changed_at = excluded.changed_at
      where (old.status = 'PENDING' or excluded.status = 'BOOKED')
        and (old.status, old.booked_on, old.booked_at, old.amount, old.currency, old.description,
          old.merchant_name, old.category, old.classification, old.counterparty_name,
          old.counterparty_iban, old.reference, old.running_balance, old.sign_disputed)
        is distinct from (excluded.status, excluded.booked_on, excluded.booked_at,
          excluded.amount, excluded.currency, excluded.description, excluded.merchant_name,
          excluded.category, excluded.classification, excluded.counterparty_name,
          excluded.counterparty_iban, excluded.reference, excluded.running_balance,
          excluded.sign_disputed)
      returning old.id, old.version
    ), kept as (
      insert into transaction_version (transaction_id, version, viewer_id, content, replaced_at)
      select before.id, before.version, before.viewer_id, jsonb_build_object(
        'status', before.status, 'bookedOn', before.booked_on, 'bookedAt', before.booked_at,
        'amount', before.amount::text, 'currency', before.currency,
        'description', before.description, 'merchantName', before.merchant_name,
        'category', before.category, 'classification', before.classification,
        'counterpartyName', before.counterparty_name, 'reference', before.reference,
        'runningBalance', before.running_balance::text), ${now}
      from saved join transaction before on before.id = saved.id and saved.version > 1
      on conflict do nothing
    )
    select id::text as id, version = 1 as added from saved`;
}

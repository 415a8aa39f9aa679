import { Prisma } from '../generated/prisma/client.ts';
import type { TransactionStatus } from '../generated/prisma/enums.ts';
import type { DayRange } from '../truelayer/bank.ts';
import type { IdentifiedTransaction } from './identity.ts';
import type { TransactionOwner } from './owner.ts';
import { contentOf } from './versions.ts';

/** A transaction as a bank gave it, and the id of ours that it gets where it is new. */
export type IncomingTransaction = IdentifiedTransaction & { readonly id: string };

/** Rows of one answer to be written, and what they say of rows that they lack. */
export interface TransactionsToWrite {
  readonly rows: readonly IncomingTransaction[];
  readonly status: TransactionStatus;
  readonly at: Date;
  /** The days of which the rows are all that the bank has, both ends included; null where none are. */
  readonly covers: DayRange | null;
}

/** Two reads nearer to each other may be one answer: it is given again for an hour. */
const APART_MILLISECONDS = 3_600_000;

// The columns that make a transaction another version when they change. TrueLayer's own transaction_id
// is none of them: it may differ at every call.
const CONTENT = `status booked_on booked_at amount currency description merchant_name category
  classification counterparty_name counterparty_iban reference running_balance sign_disputed`.split(
  /\s+/,
);
const columnsOf = (table: string) =>
  Prisma.raw(`(${CONTENT.map((column) => `${table}.${column}`).join(', ')})`);
const KEPT = Prisma.raw(contentOf('replaced'));
const SAYS_ELSE = Prisma.sql`${columnsOf('stored')} is distinct from ${columnsOf('excluded')}`;

const COLUMNS = Prisma.raw(`identity, status, booked_on, booked_at, amount, currency, description,
  merchant_name, category, classification, counterparty_name, counterparty_iban, reference,
  running_balance, transaction_id, normalised_id, provider_transaction_id, provider_category,
  sign_disputed`);

/**
 * The parts of a statement that writes transactions. One that is there already changes only where the
 * bank now says something else, and what it said before is kept as a version; a pending view never
 * overwrites a booked row. One that was missed or removed is back. A booked row of the days covered that is
 * not among them is noted as missed and, where it was before, removed.
 *
 * The old content is read from the snapshot before the statement, so that a version is written exactly
 * where a row was replaced. The last part is `happened (id, act)`, with what the change log has to say.
 */
export function transactionParts(
  owner: TransactionOwner,
  { rows, status, at, covers }: TransactionsToWrite,
): Prisma.Sql {
  return Prisma.sql`incoming as (
      select feed.*, ${status}::transaction_status as status,
        coalesce(disputed, false) as sign_disputed
      from json_to_recordset(${JSON.stringify(rows.map(toRow))}::json)
        as feed (id uuid, identity text, booked_on date,
        booked_at timestamptz, amount numeric, currency text, description text, merchant_name text,
        category text, classification text[], counterparty_name text, counterparty_iban text,
        reference text, running_balance numeric, transaction_id text, normalised_id text,
        provider_transaction_id text, provider_category text, disputed boolean)
    ), saved as (
      insert into transaction as stored (id, viewer_id, account_id, ${COLUMNS}, first_seen_at,
        changed_at, origin_account_id)
      select id, ${owner.viewerId}::uuid, ${owner.id}::uuid, ${COLUMNS}, ${at}, ${at},
        ${owner.originId ?? null}::uuid
      from incoming
      on conflict (account_id, identity) do update set
        status = excluded.status, booked_on = excluded.booked_on, booked_at = excluded.booked_at,
        amount = excluded.amount, currency = excluded.currency,
        description = excluded.description, merchant_name = excluded.merchant_name,
        category = excluded.category, classification = excluded.classification,
        counterparty_name = excluded.counterparty_name,
        counterparty_iban = excluded.counterparty_iban, reference = excluded.reference,
        running_balance = excluded.running_balance, transaction_id = excluded.transaction_id,
        normalised_id = excluded.normalised_id,
        provider_transaction_id = excluded.provider_transaction_id,
        provider_category = excluded.provider_category, sign_disputed = excluded.sign_disputed,
        version = stored.version + case when ${SAYS_ELSE} then 1 else 0 end,
        changed_at = case when ${SAYS_ELSE} then excluded.changed_at else stored.changed_at end,
        missed_at = null, removed_at = null
      where (stored.status = 'PENDING' or excluded.status = 'BOOKED')
        and (stored.missed_at is not null or stored.removed_at is not null or ${SAYS_ELSE})
      -- Postgres leaves xmax at 0 in a row that it has inserted.
      returning stored.id, stored.version, stored.xmax = 0 as added
    ), replaced as (
      select before.*, saved.version as new_version
      from saved join transaction before on before.id = saved.id
      where not saved.added
    ), kept as (
      insert into transaction_version (transaction_id, version, viewer_id, content, replaced_at)
      select id, version, viewer_id, ${KEPT}, ${at}
      from replaced where version < new_version
      on conflict do nothing
    ), ${covers === null ? NOTHING_MISSED : missedPart(owner, covers, at)}, happened as (
      select id, 'ADDED' as act from saved where added
      union all
      select id, case when removed_at is null then 'CHANGED' else 'ADDED' end from replaced
      where removed_at is not null or version < new_version
      union all
      select id, 'REMOVED' from missed where removed
    )`;
}

const NOTHING_MISSED = Prisma.sql`missed as (select null::uuid as id, false as removed where false)`;

// What came from a merged account is not looked for in the answers of another.
function missedPart(owner: TransactionOwner, { from, to }: DayRange, at: Date): Prisma.Sql {
  const long = new Date(at.getTime() - APART_MILLISECONDS);
  return Prisma.sql`missed as (
      update transaction stored set missed_at = coalesce(missed_at, ${at}::timestamptz),
        removed_at = case when missed_at < ${long} then ${at}::timestamptz end
      where account_id = ${owner.id}::uuid and status = 'BOOKED' and removed_at is null
        and booked_on between ${from}::date and ${to}::date
        and origin_account_id is not distinct from ${owner.originId ?? null}::uuid
        and (missed_at is null or missed_at < ${long})
        and not exists (select from incoming where incoming.identity = stored.identity)
      returning id, removed_at is not null as removed
    )`;
}

// What is null is left out: of most rows, most is.
function toRow({ id, identity, amount, signDisputed, wire }: IncomingTransaction) {
  const { meta } = wire;
  return {
    id,
    identity,
    booked_on: wire.timestamp.day,
    booked_at: wire.timestamp.instant ?? undefined,
    amount,
    currency: wire.currency,
    description: wire.description,
    merchant_name: merchantOf(wire) ?? undefined,
    category: wire.category,
    classification: wire.classification,
    counterparty_name: meta.counterpartyName ?? undefined,
    counterparty_iban: meta.counterpartyIban ?? undefined,
    reference: meta.reference ?? undefined,
    running_balance: wire.runningBalance?.amount,
    transaction_id: wire.transactionId,
    normalised_id: wire.normalisedId ?? undefined,
    provider_transaction_id: wire.providerTransactionId ?? undefined,
    provider_category: meta.providerTransactionCategory ?? undefined,
    disputed: signDisputed || undefined,
  };
}

/** The merchant as the rows call it. */
export function merchantOf({ merchantName, meta }: IncomingTransaction['wire']): string | null {
  return merchantName ?? meta.providerMerchantName;
}

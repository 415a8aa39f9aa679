import type pg from 'pg';
import type { Day } from '../../src/base/days.ts';
import type { GroundTruth, TrueHolding } from '../../src/simulator/control/ground-truth.ts';
import type { Wire } from '../../src/simulator/data/wire.ts';

/** What the bank has and the house has not, or the other way round, in words. */
export interface Comparison {
  readonly differences: readonly string[];
  /** Booked rows of the bank that lie on days that were had. */
  readonly rows: number;
  /** Days since the beginning of the bank's records that could not be had, over all accounts. */
  readonly daysMissed: number;
}

/** What of the truth a bank shows. */
export interface ShownByBank {
  /** The oldest day of which it still has its rows. */
  readonly keptFrom: Day;
  readonly showsPending: boolean;
}

/** What the house holds of an account. */
interface HeldAccount {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  /** Days that a call covered whose answer was saved whole. */
  readonly covered: readonly { readonly from: string; readonly until: string }[];
  readonly current: string | null;
  readonly rows: readonly { readonly key: string; readonly day: string; readonly status: string }[];
}

/**
 * Holds what is stored of a consent against what its bank has, account by account and row by row: by day,
 * amount, currency and description, as often as each is there. Reads the wire in a way of its own.
 */
export async function compare(
  owner: pg.Pool,
  consentId: string,
  truth: GroundTruth,
  bank: ShownByBank,
): Promise<Comparison> {
  const held = await heldAccounts(owner, consentId);
  const differences: string[] = [];
  let [rows, daysMissed] = [0, 0];
  const holdings = [
    ...truth.accounts.map((holding) => ({ holding, kind: 'BANK_ACCOUNT' })),
    ...truth.cards.map((holding) => ({ holding, kind: 'CARD' })),
  ];
  if (held.length !== holdings.length) {
    differences.push(`${holdings.length} accounts at the bank, ${held.length} here`);
  }
  for (const { holding, kind } of holdings) {
    const account = held.find((one) => one.kind === kind && one.name === holding.id);
    if (account === undefined) differences.push(`${kind} ${holding.key} is not here`);
    else {
      const found = compareAccount(account, holding, bank);
      differences.push(...found.differences.map((text) => `${holding.key}: ${text}`));
      rows += found.rows;
      daysMissed += found.daysMissed;
    }
  }
  return { differences, rows, daysMissed };
}

function compareAccount(
  account: HeldAccount,
  holding: TrueHolding,
  { keptFrom, showsPending }: ShownByBank,
): Comparison {
  const isCovered = (day: string) =>
    day >= keptFrom && account.covered.some(({ from, until }) => from <= day && day <= until);
  const card = account.kind === 'CARD';
  const booked = holding.transactions.map((row) => ({ key: keyOf(row, card), day: dayOf(row) }));
  const wanted = booked.filter(({ day }) => isCovered(day)).map(({ key }) => key);
  const here = account.rows.filter(({ status }) => status === 'BOOKED');
  const differences = [
    ...differ(
      wanted,
      here.filter(({ day }) => isCovered(day)).map(({ key }) => key),
    ),
    // What lies on days that were not had whole may be there, if the bank has it.
    ...surplus(
      booked.map(({ key }) => key),
      here.filter(({ day }) => day >= keptFrom && !isCovered(day)).map(({ key }) => key),
    ).map((key) => `beyond ${key}`),
  ];
  if (showsPending) {
    const pending = holding.pending.map((row) => keyOf(row, card));
    const shown = account.rows.filter(({ status }) => status === 'PENDING').map(({ key }) => key);
    differences.push(...differ(pending, shown).map((text) => `pending ${text}`));
  }
  const current = plain(String(holding.balance['current']));
  if (account.current !== null && plain(account.current) !== current) {
    differences.push(`balance ${current} at the bank, ${account.current} here`);
  }
  return {
    differences,
    rows: wanted.length,
    daysMissed: new Set(booked.filter(({ day }) => !isCovered(day)).map(({ day }) => day)).size,
  };
}

/** What stands in one list and not in the other, each as often as it does. */
function differ(bank: readonly string[], here: readonly string[]): string[] {
  return [
    ...surplus(here, bank).map((key) => `missing ${key}`),
    ...surplus(bank, here).map((key) => `too much ${key}`),
  ];
}

/** What `list` has more of than `measure`. */
function surplus(measure: readonly string[], list: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const key of measure) left.set(key, (left.get(key) ?? 0) + 1);
  return list.filter((key) => {
    const count = left.get(key) ?? 0;
    left.set(key, count - 1);
    return count <= 0;
  });
}

const dayOf = (row: Wire) => String(row['timestamp']).slice(0, 10);

// The sign as the holder sees it: the type says whether money went out.
function keyOf(row: Wire, card: boolean): string {
  const amount = Number(row['amount']);
  const out = row['transaction_type'] === 'DEBIT' || (card ? amount > 0 : amount < 0);
  const size = plain(String(Math.abs(amount)));
  return [dayOf(row), out && amount !== 0 ? `-${size}` : size, row['currency'], row['description']]
    .map(String)
    .join(' ');
}

/** A number without zeros that say nothing. */
function plain(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

async function heldAccounts(owner: pg.Pool, consentId: string): Promise<HeldAccount[]> {
  const { rows } = await owner.query<HeldAccount>(
    `select a.id, a.kind::text as kind, a.provider_account_id as name,
       (select current::text from balance b where b.account_id = a.id) as current,
       coalesce((select jsonb_agg(jsonb_build_object('from', s.from_on, 'until', s.until_on))
         from history_span s where s.account_id = a.id and s.status = 'SAVED'
           and s.reason is null), '[]')
       || case when a.read_until_on is null then '[]'::jsonb else jsonb_build_array(
         jsonb_build_object('from', (select max(until_on) from history_span s
           where s.account_id = a.id and s.ordinal = 0), 'until', a.read_until_on)) end as covered,
       coalesce((select jsonb_agg(jsonb_build_object('day', t.booked_on, 'status', t.status,
         'key', concat_ws(' ', t.booked_on, trim_scale(t.amount), t.currency, t.description)))
         from transaction t where t.account_id = a.id and t.removed_at is null), '[]') as rows
     from account a where a.consent_id = $1 and a.status = 'SHARED'`,
    [consentId],
  );
  return rows;
}

import { parseArgs } from 'node:util';
import pg from 'pg';
import { saveTransactions } from '../src/accounts/save-transactions.ts';
import type { App } from '../src/app.ts';
import { systemClock } from '../src/base/clock.ts';
import { systemEntropy, uuidOf } from '../src/base/entropy.ts';
import { type Database, openDatabase } from '../src/postgres/db.ts';
import { copyInto } from './copy.ts';
import { dropDatabase, emptyDatabase, withPostgres } from './database.ts';
import { copyTexts, type IngestedRow, wireRows } from './ingest-rows.ts';

/** Who ingests, and who copies: two viewers with a consent each, so that each has a log of its own. */
type Side = 'ingest' | 'copy';

const NOW = new Date('2026-03-02T09:00:00Z');
const WHOLE = { from: wireRows(1)[0]!.timestamp.day, to: wireRows(1)[0]!.timestamp.day };
const idOf = (what: string, side: Side) => uuidOf('bench', what, side);
const accountOf = (side: Side, round: string) => uuidOf('bench', 'account', side, round);
const spanOf = (side: Side, round: string) => uuidOf('bench', 'span', side, round);

/**
 * Measures how fast one answer of a bank is saved: rows, change log and the span's end in one transaction,
 * under the role and the row-level security of the house, from what was parsed to the end of the commit.
 * Beside it, in turn, the same rows are copied into the same tables by COPY, as text that is ready, by the
 * owner, whom no wall stops. Both begin with an account of their own; then the answer comes once more.
 */
export async function benchIngest(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      sizes: { type: 'string', default: '100,1000,10000,30000' },
      runs: { type: 'string', default: '7' },
      // A superuser's address at a server that is running; else one is started for it.
      postgres: { type: 'string' },
    },
  });
  const sizes = values.sizes.split(',').map(Number);
  const runs = Number(values.runs);
  if (!sizes.every((size) => size > 0) || !(runs > 0)) throw new RangeError('sizes, runs: numbers');
  const { postgres } = values;
  const work = (adminUrl: string) => measureAll(adminUrl, sizes, runs);
  await (postgres === undefined ? withPostgres(work) : work(postgres));
}

async function measureAll(adminUrl: string, sizes: readonly number[], runs: number): Promise<void> {
  const name = `ingest_${process.pid}`;
  const url = await emptyDatabase(adminUrl, name);
  try {
    const owner = new pg.Client(url);
    await owner.connect();
    const database = openDatabase({
      url,
      connectionsMax: 1,
      clockInDatabase: false,
      onIdleError: () => undefined,
    });
    try {
      await seed(owner);
      for (const size of sizes) await measure(owner, database, size, runs);
      await agree(owner);
    } finally {
      await database.close();
      await owner.end();
    }
  } finally {
    await dropDatabase(adminUrl, name);
  }
}

async function measure(
  owner: pg.Client,
  database: Database,
  size: number,
  runs: number,
): Promise<void> {
  const [copied, fresh, again]: [number[], number[], number[]] = [[], [], []];
  const rows = wireRows(size);
  // One round that is not counted: plans are made and pages are in memory afterwards.
  for (let run = 0; run <= runs; run += 1) {
    const round = `${size} ${run}`;
    await open(owner, round);
    const texts = copyTexts(rows, {
      viewerId: idOf('viewer', 'copy'),
      accountId: accountOf('copy', round),
      eventId: uuidOf('bench', 'event', round),
      seq: Number((await owner.query(COUNTER, [idOf('viewer', 'copy')])).rows[0].seq),
      at: NOW,
    });
    const copy = await timed(() => copyAnswer(owner, texts, size, round));
    const first = await timed(() => ingest(database, rows, round));
    await owner.query(REOPEN, [spanOf('ingest', round)]);
    const second = await timed(() => ingest(database, rows, round));
    await owner.query('analyze transaction, change');
    if (run === 0) continue;
    copied.push(copy);
    fresh.push(first);
    again.push(second);
  }
  const figure = (times: readonly number[]) => {
    const [usual, best] = [median, least].map((of) => (of(copied) / of(times)).toFixed(2));
    return `${median(times).toFixed(1)} ms, ratio ${usual}, of the best runs ${best}`;
  };
  process.stdout.write(
    `${String(size).padStart(6)} rows: COPY ${median(copied).toFixed(1)} ms; ingest ${figure(fresh)}; again ${figure(again)}\n`,
  );
}

/** What `saveSpan` does of it, without the consent's own rows. */
async function ingest(
  database: Database,
  rows: readonly IngestedRow[],
  round: string,
): Promise<void> {
  const id = accountOf('ingest', round);
  const viewerId = idOf('viewer', 'ingest');
  // All that saving asks of the instruments; no endpoint listens to webhooks, so no job is sent.
  const client = { environment: 'bench' };
  const app = { database, clock: systemClock, entropy: systemEntropy, client } as unknown as App;
  await database.transact(viewerId, async (tx) => {
    await tx.historySpan.updateMany({
      where: { id: spanOf('ingest', round), status: 'PLANNED' },
      data: { status: 'SAVED', endedAt: NOW, rowsSaved: rows.length },
    });
    const answer = { booked: rows, whole: WHOLE, pending: null };
    const record = { at: NOW, changes: [], consentId: idOf('consent', 'ingest') };
    await saveTransactions(app, tx, { id, viewerId, kind: 'BANK_ACCOUNT' }, answer, record);
  });
}

async function copyAnswer(
  owner: pg.Client,
  texts: ReturnType<typeof copyTexts>,
  size: number,
  round: string,
): Promise<void> {
  await owner.query('begin');
  await copyInto(owner, texts.transactions);
  await copyInto(owner, texts.changes);
  await owner.query(`update change_counter set seq = seq + $2 where viewer_id = $1`, [
    idOf('viewer', 'copy'),
    size,
  ]);
  await owner.query(
    `update history_span set status = 'SAVED', ended_at = $2, rows_saved = $3 where id = $1`,
    [spanOf('copy', round), NOW, size],
  );
  await owner.query('commit');
}

/** Both sides have as many rows, changes and ended spans, or nothing was measured. */
async function agree(owner: pg.Client): Promise<void> {
  const counts = `select (select count(*) from transaction where viewer_id = $1)::int as rows,
    (select count(*) from change where viewer_id = $1)::int as changes,
    (select count(*) from history_span where viewer_id = $1 and status = 'SAVED')::int as spans,
    (select count(*) from transaction_version where viewer_id = $1)::int as versions`;
  const [one, other] = await Promise.all([
    (await owner.query(counts, [idOf('viewer', 'ingest')])).rows[0],
    (await owner.query(counts, [idOf('viewer', 'copy')])).rows[0],
  ]);
  const same = JSON.stringify(one) === JSON.stringify(other);
  process.stdout.write(
    `${one.rows} rows, ${one.changes} changes, ${one.spans} spans: ${same ? 'both alike' : `but COPY ${JSON.stringify(other)}`}\n`,
  );
  if (!same) process.exitCode = 1;
}

const COUNTER = 'select seq from change_counter where viewer_id = $1';
const REOPEN = `update history_span set status = 'PLANNED', ended_at = null where id = $1`;

async function seed(owner: pg.Client): Promise<void> {
  await owner.query(
    `insert into provider (environment, provider_id, display_name, first_seen_at, refreshed_at)
     values ('bench', 'bank', 'Bank', $1, $1)`,
    [NOW],
  );
  for (const side of ['ingest', 'copy'] as const) {
    const [viewer, link, consent] = ['viewer', 'link', 'consent'].map((what) => idOf(what, side));
    await owner.query(
      `insert into viewer (id, issuer, subject, created_at) values ($1, 'bench', $2, $3)`,
      [viewer, side, NOW],
    );
    await owner.query('insert into change_counter (viewer_id, epoch) values ($1, $1)', [viewer]);
    await owner.query(
      `insert into auth_link (id, viewer_id, environment, client_id, state_hash, browser_hash,
         redirect_uri, status, created_at, expires_at)
       values ($1, $2, 'bench', 'bench', sha256($3), sha256($3), 'r', 'COMPLETED', $4,
         $4::timestamptz + interval '1 hour')`,
      [link, viewer, Buffer.from(side), NOW],
    );
    await owner.query(
      `insert into consent (id, viewer_id, auth_link_id, environment, client_id, provider_id,
         consented_at, window_ends_at, ends_at, created_at)
       values ($1, $2, $3, 'bench', 'bench', 'bank', $4, $4, $4::timestamptz + interval '90 days', $4)`,
      [consent, viewer, link, NOW],
    );
  }
}

/** An account without rows for each side, and a span that is to be saved. */
async function open(owner: pg.Client, round: string): Promise<void> {
  for (const side of ['ingest', 'copy'] as const) {
    const ids = [accountOf(side, round), idOf('viewer', side), idOf('consent', side)];
    await owner.query(
      `insert into account (id, viewer_id, consent_id, environment, provider_id,
         provider_account_id, kind, display_name, currency, first_seen_at, seen_at)
       values ($1, $2, $3, 'bench', 'bank', $1::uuid::text, 'BANK_ACCOUNT', 'Account', 'GBP', $4, $4)`,
      [...ids, NOW],
    );
    await owner.query(
      `insert into history_span (id, viewer_id, consent_id, account_id, ordinal, from_on, until_on)
       values ($4, $2, $3, $1, 0, $5, $5)`,
      [...ids, spanOf(side, round), WHOLE.from],
    );
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
}

function least(times: readonly number[]): number {
  return Math.min(...times);
}

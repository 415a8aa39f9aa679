import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import type pg from 'pg';
import { DAY, later } from '../../src/base/clock.ts';
import { emptyDatabase, withPostgres } from '../database.ts';
import { Figures } from '../figures.ts';
import { judgeAlerts, type LivedPeriod, type RaisedAlert } from './alerts.ts';
import { HouseOfLife } from './house-of-life.ts';
import { Life } from './life.ts';
import { drawOutages } from './outages.ts';
import { tellMatching } from './matching.ts';
import { BANKS, makePerson } from './person.ts';

const BEGIN = new Date('2026-03-02T00:00:00Z');
const ALERT_DAYS = [14, 7, 3, 1, 0];

/**
 * Lets so many people live so many days with the house, in fast-forward: one process, one clock under
 * house, queue and simulator, from one due instant to the next. Prints the figures.
 *
 * @returns whether each is as it has to be
 */
export async function simulateLife(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      days: { type: 'string', default: '200' },
      consents: { type: 'string', default: '1000' },
      seed: { type: 'string', default: '1' },
      // How long every consent lasts, for short lives; else by country.
      period: { type: 'string' },
    },
  });
  const [days, consents] = [Number(values.days), Number(values.consents)];
  if (!(days >= 1 && consents >= 1 && consents <= 10_000)) {
    throw new RangeError('days and consents are numbers, consents at most 10000');
  }
  const figures = new Figures();
  await withPostgres(async (adminUrl) => {
    const url = await emptyDatabase(adminUrl, 'life');
    await live(url, { days, consents, seed: values.seed, period: values.period }, figures);
  });
  return figures.tell();
}

interface LifeSize {
  readonly days: number;
  readonly consents: number;
  readonly seed: string;
  readonly period: string | undefined;
}

async function live(
  url: string,
  { days, consents, seed, period }: LifeSize,
  figures: Figures,
): Promise<void> {
  const house = await HouseOfLife.start(url, seed, BEGIN, {
    ALERT_DAYS_BEFORE: ALERT_DAYS.join(','),
    ...(period === undefined ? {} : { CONSENT_DAYS: `uk:${period},eea:${period}` }),
  });
  if (period !== undefined) house.letConsentsLast(Number(period));
  try {
    const people = Array.from({ length: consents }, (_, index) =>
      makePerson(seed, index + 1, BEGIN, BANKS),
    );
    const outages = drawOutages(seed, BEGIN, days, BANKS);
    const life = new Life(house, seed, people, outages);
    const begun = performance.now();
    await life.until(later(BEGIN, days * DAY));
    const seconds = (performance.now() - begun) / 1_000;
    for (const [name, count] of Object.entries(life.counts)) figures.show(name, String(count));
    const end = new Date(house.clock.now());
    await tellConsents(house.owner, life, end, figures);
    await tellAlerts(house.owner, life, end, outages.everything, figures);
    await tellMatching(house, life.matching, figures);
    figures.show('digest of the final rows', await digestOf(house.owner));
    figures.show('seconds a simulated day', (seconds / days).toFixed(2));
  } finally {
    await house.close();
  }
}

async function tellConsents(
  owner: pg.Pool,
  life: Life,
  end: Date,
  figures: Figures,
): Promise<void> {
  const { rows: statuses } = await owner.query<{ status: string; count: number }>(
    'select status::text, count(*)::int as count from consent group by 1 order by 1',
  );
  figures.show(
    'consents by status',
    statuses.map(({ status, count }) => `${status} ${count}`).join(', '),
  );
  const { rows } = await owner.query<{ key: string; reason: string }>(
    `select consent_id || ' ' || period as key, reason from consent_move
     where to_status = 'REAUTH_REQUIRED'`,
  );
  const wrongly = rows.filter(({ key }) => !life.revokedAtBank.has(key));
  const idle = await owner.query<{ count: number }>(
    `select count(*)::int as count from consent_credential t join consent c on c.id = t.consent_id
     where t.refresh_ends_at < $1 and c.status in ('ACTIVE', 'EXPIRING')`,
    [end],
  );
  const died = wrongly.filter(({ reason }) => reason === 'GRANT_ENDED').length;
  figures.exactly('consents lost to idleness', died + (idle.rows[0]?.count ?? 0), 0);
  figures.show('rightly sent to re-consent', String(rows.length - wrongly.length));
  figures.exactly('wrongly sent to re-consent', wrongly.length, 0);
  figures.atMost('refresh calls after a final refusal', life.refusals.mostAfterwards, 1);
}

async function tellAlerts(
  owner: pg.Pool,
  life: Life,
  end: Date,
  away: { from: Date; until: Date },
  figures: Figures,
): Promise<void> {
  const { rows: raised } = await owner.query<RaisedAlert>(
    `select consent_id as "consentId", period, days_before as "daysBefore", raised_at as "raisedAt"
     from alert`,
  );
  const faults = judgeAlerts(await livedPeriods(owner, life, end), raised, ALERT_DAYS, away);
  figures.show('alerts expected', String(faults.expected));
  figures.exactly('alerts missing', faults.missing, 0);
  figures.exactly('alerts doubled', faults.doubled, 0);
  figures.exactly('alerts late by more than an hour', faults.late, 0);
  figures.exactly('alerts after the period was over', faults.afterwards, 0);
}

/** Every period of every consent that stays, with the moment at which it was over. */
async function livedPeriods(owner: pg.Pool, life: Life, end: Date): Promise<LivedPeriod[]> {
  const { rows } = await owner.query<{ consentId: string; period: number; overAt: Date | null }>(
    `select consent_id as "consentId", period,
       least(min(moved_at) filter (where to_status not in ('ACTIVE', 'EXPIRING')),
         (select min(next.moved_at) from consent_move next
           where next.consent_id = step.consent_id and next.period = step.period + 1)) as "overAt"
     from consent_move step group by consent_id, period`,
  );
  const overAt = new Map(
    rows.map((row) => [`${row.consentId} ${row.period}`, row.overAt ?? end] as const),
  );
  return life.periods.map((period) => ({
    ...period,
    overAt: overAt.get(`${period.consentId} ${period.period}`) ?? end,
  }));
}

/** What all rows say in the end, but for ids and instants. */
async function digestOf(owner: pg.Pool): Promise<string> {
  const { rows } = await owner.query<{ line: string }>(
    `select concat_ws(' ', v.subject, c.provider_id, c.status, c.status_reason, c.period,
       (select string_agg(concat_ws('>', m.from_status, m.to_status, m.reason, m.actor, m.period), ','
          order by m.period, m.moved_at, m.id) from consent_move m where m.consent_id = c.id),
       (select string_agg(a.period || '-' || a.days_before, ',' order by a.period, a.days_before desc)
          from alert a where a.consent_id = c.id),
       (select string_agg(concat_ws(':', a.kind, a.display_name, a.status, a.currency), ','
          order by a.kind, a.display_name, a.status, a.last_digits, a.account_number)
          from account a where a.consent_id = c.id)) as line
     from consent c join viewer v on v.id = c.viewer_id order by 1`,
  );
  const lines = rows.map(({ line }) => line).join('\n');
  return createHash('sha256').update(lines).digest('hex').slice(0, 16);
}

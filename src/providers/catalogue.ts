import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { uuidv7 } from '../base/entropy.ts';
import type { OutboxEvent } from '../outbox/event-types.ts';
import { announce } from '../outbox/fan-out.ts';
import { NOBODY, type Tx } from '../postgres/db.ts';

/**
 * Reads the list of banks from TrueLayer into the catalogue. Banks that are missing from a whole
 * answer are no longer listed; a failed or suspiciously short answer takes nothing away. Banks that
 * turned from well to unwell, or back, are told of.
 *
 * @throws BankError if TrueLayer cannot be asked
 */
export async function refreshProviders(app: App): Promise<void> {
  const { environment, clientId } = app.client;
  const listing = await app.truelayer.providers({ clientId });
  const now = nowOf(app.clock);
  const rows = listing.items.map((provider): ListedBank => ({
    provider_id: provider.providerId,
    display_name: provider.displayName.slice(0, 200),
    country: provider.country,
    logo_url: provider.logoUrl,
    scopes: provider.scopes,
    healthy: provider.availability === null ? null : provider.availability.status === 'healthy',
    health_checked_at: provider.availability?.updatedAt ?? null,
  }));
  await app.database.transact(NOBODY, async (tx) => {
    const before = await lockBanks(tx, environment);
    await saveBanks(tx, environment, rows, now);
    await announce(app, tx, now, turnsOf(app, before, rows, now));
  });
  if (listing.refused > 0) {
    app.log.warn({ refused: listing.refused, at: listing.refusedReasons }, 'banks not understood');
  }
}

/** A bank as the list has it, in the words of its row. */
interface ListedBank {
  readonly provider_id: string;
  readonly display_name: string;
  readonly country: string | null;
  readonly logo_url: string | null;
  readonly scopes: readonly string[];
  readonly healthy: boolean | null;
  readonly health_checked_at: Date | null;
}

// Of two processes that read the list at once, one waits here, and sees what the other has told already.
async function lockBanks(
  tx: Tx,
  environment: string,
): Promise<ReadonlyMap<string, boolean | null>> {
  const banks = await tx.$queryRaw<{ id: string; healthy: boolean | null }[]>`
    select provider_id as id, healthy from provider where environment = ${environment}
    order by provider_id for no key update`;
  return new Map(banks.map(({ id, healthy }) => [id, healthy]));
}

// Where nothing is said of a bank it is taken to be well, and a bank that is new has not turned.
function turnsOf(
  app: App,
  before: ReadonlyMap<string, boolean | null>,
  banks: readonly ListedBank[],
  now: Date,
): OutboxEvent[] {
  const after = new Map(banks.map((bank) => [bank.provider_id, bank.healthy !== false]));
  const turned = [...after].filter(
    ([id, well]) => before.has(id) && (before.get(id) !== false) !== well,
  );
  return turned.map(([providerId, well], order) => ({
    id: uuidv7(app.entropy, now, order),
    type: well ? 'provider.up' : 'provider.down',
    subject: { providerId },
  }));
}

async function saveBanks(
  tx: Tx,
  environment: string,
  rows: readonly ListedBank[],
  now: Date,
): Promise<void> {
  await tx.$executeRaw`
    insert into provider (environment, provider_id, display_name, country, logo_url, scopes, healthy,
      health_checked_at, listed, first_seen_at, refreshed_at)
    select distinct on (provider_id) ${environment}, provider_id, display_name, country, logo_url,
      scopes, healthy, health_checked_at, true, ${now}, ${now}
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as feed (provider_id text,
      display_name text, country text, logo_url text, scopes text[], healthy boolean,
      health_checked_at timestamptz)
    on conflict (environment, provider_id) do update set
      display_name = excluded.display_name, country = excluded.country,
      logo_url = excluded.logo_url, scopes = excluded.scopes, healthy = excluded.healthy,
      health_checked_at = excluded.health_checked_at, listed = true,
      refreshed_at = greatest(provider.refreshed_at, excluded.refreshed_at)`;
  // Two processes may read the list at once: greatest, above, keeps the one that began earlier from
  // making rows look missing to the other.
  await tx.$executeRaw`
    update provider set listed = false
    where environment = ${environment} and listed and refreshed_at < ${now}
      and ${rows.length} * 2 >= (
        select count(*) from provider where environment = ${environment} and listed
      )`;
}

/** True before the first list of banks of this environment was read. */
export async function catalogueIsEmpty(app: App): Promise<boolean> {
  // Not by Prisma, whose engine would have to load before the first start is ready.
  const { rowCount } = await app.database.pool.query(
    'select 1 from provider where environment = $1 limit 1',
    [app.client.environment],
  );
  return rowCount === 0;
}

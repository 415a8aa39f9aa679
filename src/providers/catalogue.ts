import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';

/**
 * Reads the list of banks from TrueLayer into the catalogue. Banks that are missing from a whole
 * answer are no longer listed; a failed or suspiciously short answer takes nothing away.
 *
 * @throws BankError if TrueLayer cannot be asked
 */
export async function refreshProviders(app: App): Promise<void> {
  const { environment, clientId } = app.client;
  const listing = await app.truelayer.providers({ clientId });
  const now = nowOf(app.clock);
  const rows = listing.items.map((provider) => ({
    provider_id: provider.providerId,
    display_name: provider.displayName.slice(0, 200),
    country: provider.country,
    logo_url: provider.logoUrl,
    scopes: provider.scopes,
    healthy: provider.availability === null ? null : provider.availability.status === 'healthy',
    health_checked_at: provider.availability?.updatedAt ?? null,
  }));
  await app.database.shared.$queryRaw`
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
  await app.database.shared.$queryRaw`
    update provider set listed = false
    where environment = ${environment} and listed and refreshed_at < ${now}
      and ${rows.length} * 2 >= (
        select count(*) from provider where environment = ${environment} and listed
      )`;
  if (listing.refused > 0) {
    app.log.warn({ refused: listing.refused, at: listing.refusedReasons }, 'banks not understood');
  }
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

import { existsSync } from 'node:fs';
import { applyMigrations, readMigrations } from '../../src/postgres/migrate.ts';

/**
 * Brings the empty template to the state in which every test finds its database. Leaves no
 * connection open.
 *
 * @param url - superuser, the template database
 */
export async function prepareTemplate(url: string): Promise<void> {
  if (!existsSync(new URL('../../prisma/migrations', import.meta.url))) return;
  await applyMigrations(url, readMigrations());
}

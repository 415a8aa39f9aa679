import { expect, it } from 'vitest';
import { editedMigrations, migrationDrift, readMigrations } from '../../src/postgres/migrate.ts';
import { createTestDatabase } from '../support/database.ts';

it('the migrations bring a database to the schema exactly', async () => {
  const database = await createTestDatabase();
  try {
    expect(await migrationDrift(database.url, readMigrations())).toBe('');
    expect(await editedMigrations(database.url, readMigrations())).toEqual([]);
  } finally {
    await database.drop();
  }
});

import { createHash } from 'node:crypto';
import pg from 'pg';
import { uuidOf } from '../../src/base/entropy.ts';
import { createLog } from '../../src/base/log.ts';
import { type KeyRing, seal, type SealPlace } from '../../src/base/seal.ts';
import { checkKeys } from '../../src/keys/check.ts';
import { openDatabase } from '../../src/postgres/db.ts';

/** Secrets by their place, as they have to be found again. */
export type KnownSecrets = Map<string, KnownSecret>;

/** One secret in clear, which only a drill may know. */
export interface KnownSecret {
  readonly place: SealPlace;
  readonly secret: string;
}

/** How many secrets each user of a drill has: one in every sealed column. */
export const SECRETS_PER_USER = 9;

const USERS_PER_INSERT = 500;

/** The name of a place in `KnownSecrets`. */
export function placeName({ table, column, row }: SealPlace): string {
  return `${table}.${column} ${row}`;
}

/**
 * Fills an empty database with users who have something in every sealed column.
 *
 * @param ownerUrl - a superuser: row-level security would have it one viewer at a time
 * @returns what was sealed
 */
export async function seedSecrets(
  ownerUrl: string,
  keys: KeyRing,
  users: number,
): Promise<KnownSecrets> {
  await startOnce(ownerUrl, keys);
  const known: KnownSecrets = new Map();
  const client = new pg.Client(ownerUrl);
  await client.connect();
  try {
    for (let begin = 0; begin < users; begin += USERS_PER_INSERT) {
      const count = Math.min(USERS_PER_INSERT, users - begin);
      const rows = await Promise.all(
        Array.from({ length: count }, (_, index) => makeUser(keys, begin + index, known)),
      );
      await client.query(INSERT, [JSON.stringify(rows)]);
    }
    await client.query('analyze');
  } finally {
    await client.end();
  }
  return known;
}

/** What the start of a house leaves in its database. */
async function startOnce(url: string, keys: KeyRing): Promise<void> {
  const database = openDatabase({
    url,
    connectionsMax: 1,
    clockInDatabase: false,
    onIdleError: () => {},
  });
  try {
    await checkKeys({ database, keys, log: createLog('silent') });
  } finally {
    await database.close();
  }
}

async function makeUser(keys: KeyRing, number: number, known: KnownSecrets) {
  const viewer = uuidOf('drill', 'viewer', String(number));
  const link = uuidOf('drill', 'link', String(number));
  const consent = uuidOf('drill', 'consent', String(number));
  const put = (table: string, column: string, row: string) => {
    const place = { table, column, row, viewer };
    const secret = `${column} of ${row}, which a drill made`;
    known.set(placeName(place), { place, secret });
    return seal(keys, place, secret);
  };
  return {
    viewer,
    link,
    consent,
    hash: createHash('sha256').update(link).digest('hex'),
    dialog: await put('auth_link', 'sealed_dialog', link),
    verifier: await put('auth_link', 'sealed_code_verifier', link),
    code: await put('auth_link', 'sealed_code', link),
    link_ip: await put('auth_link', 'sealed_psu_ip', link),
    consent_ip: await put('consent', 'sealed_psu_ip', consent),
    access: await put('consent_credential', 'sealed_access', consent),
    refresh: await put('consent_credential', 'sealed_refresh', consent),
    revoked_access: await put('revocation', 'sealed_access', consent),
    revoked_refresh: await put('revocation', 'sealed_refresh', consent),
  };
}

// No instant of theirs is ever due, and their environment is nobody's: the house leaves them alone.
const INSERT = `
  with made as (
    select * from json_to_recordset($1::json) as made (viewer uuid, link uuid, consent uuid,
      hash text, dialog text, verifier text, code text, link_ip text, consent_ip text, access text, refresh text,
      revoked_access text, revoked_refresh text)
  ), viewers as (
    insert into viewer (id, issuer, subject, created_at)
    select viewer, 'drill', viewer, now() from made returning id
  ), links as (
    insert into auth_link (id, viewer_id, environment, client_id, state_hash, browser_hash,
      providers, scopes, redirect_uri, status, sealed_dialog, sealed_code_verifier, sealed_code,
      sealed_psu_ip, created_at, expires_at)
    select link, viewer, 'drill', 'drill', decode(hash, 'hex'), decode(hash, 'hex'), '{}', '{}',
      'https://drill.test/callback', 'CLAIMED', dialog, verifier, code, link_ip, now(), now() + '45 min'
    from made returning id
  ), consents as (
    insert into consent (id, viewer_id, auth_link_id, environment, client_id, scopes,
      sealed_psu_ip, consented_at, window_ends_at, ends_at, created_at)
    select consent, viewer, link, 'drill', 'drill', '{}', consent_ip, now(), now(),
      now() + '90 days', now()
    from made returning id
  ), credentials as (
    insert into consent_credential (consent_id, viewer_id, sealed_access, access_issued_at,
      access_expires_at, sealed_refresh)
    select consent, viewer, access, now(), now() + '1 hour', refresh from made
    returning consent_id
  )
  insert into revocation (id, consent_id, viewer_id, cause, environment, client_id, ends_at, requested_at, sealed_access, access_expires_at,
    sealed_refresh, due_at)
  select consent, consent, viewer, 'TAKEN_BACK', 'drill', 'drill', now() + '90 days', now(), revoked_access, now(), revoked_refresh, 'infinity' from made`;

import { createHash } from 'node:crypto';
import pg from 'pg';
import { DAY, later } from '../../src/base/clock.ts';
import { uuidOf } from '../../src/base/entropy.ts';
import { type KeyRing, seal } from '../../src/base/seal.ts';
import {
  addConsentPeriod,
  keepAliveInstant,
  REFRESH_TOKEN_IDLE_DAYS,
} from '../../src/consents/due.ts';
import { credentialPlace } from '../../src/consents/secrets.ts';
import { sealRefreshToken } from '../../src/simulator/auth/grant.ts';
import { makeSeals } from '../../src/simulator/seals.ts';

/** For whom consents are made. */
export interface Bearer {
  /** Of the simulator that is to honour the tokens. */
  readonly seed: string;
  readonly environment: string;
  readonly clientId: string;
  readonly keys: KeyRing;
}

const BANKS = ['ob-lloyds', 'ob-monzo', 'ob-barclays', 'ob-hsbc'];
const CONSENTS_PER_INSERT = 500;
const SCOPES = ['accounts', 'offline_access'];

/**
 * Gives so many users a consent each, all at one moment, whose access tokens are over and whose
 * refresh tokens a simulator of that seed honours. Nothing of them is to be read.
 *
 * @param ownerUrl - a superuser: row-level security would have it one viewer at a time
 */
export async function seedConsents(
  ownerUrl: string,
  bearer: Bearer,
  count: number,
  now: Date,
): Promise<readonly { readonly viewerId: string; readonly consentId: string }[]> {
  const made: { viewerId: string; consentId: string }[] = [];
  const client = new pg.Client(ownerUrl);
  await client.connect();
  try {
    for (let begin = 0; begin < count; begin += CONSENTS_PER_INSERT) {
      const length = Math.min(CONSENTS_PER_INSERT, count - begin);
      const rows = await Promise.all(
        Array.from({ length }, (_, index) => makeConsent(bearer, begin + index, now)),
      );
      await client.query(INSERT, [JSON.stringify(rows), now]);
      made.push(...rows.map(({ viewer, consent }) => ({ viewerId: viewer, consentId: consent })));
    }
  } finally {
    await client.end();
  }
  return made;
}

async function makeConsent(bearer: Bearer, number: number, now: Date) {
  const { seed, environment, clientId, keys } = bearer;
  const viewer = uuidOf('simulated', 'viewer', String(number));
  const link = uuidOf('simulated', 'link', String(number));
  const consent = uuidOf('simulated', 'consent', String(number));
  const provider = BANKS[number % BANKS.length] ?? '';
  const refreshToken = sealRefreshToken(makeSeals(seed), {
    generation: 0,
    grant: {
      credentialsId: createHash('sha256').update(consent).digest('base64'),
      consentId: consent,
      clientId,
      providerId: provider,
      user: `user${number}`,
      scopes: SCOPES,
      accountKeys: [],
      consentedAt: now,
      authenticatedAt: now,
    },
  });
  const refreshEndsAt = addConsentPeriod(now, REFRESH_TOKEN_IDLE_DAYS);
  return {
    viewer,
    link,
    consent,
    environment,
    client: clientId,
    scopes: SCOPES,
    hash: createHash('sha256').update(link).digest('hex'),
    access: await seal(keys, credentialPlace('sealed_access', consent, viewer), 'over'),
    refresh: await seal(keys, credentialPlace('sealed_refresh', consent, viewer), refreshToken),
    refresh_ends: refreshEndsAt,
    ends: later(now, 90 * DAY),
    due: keepAliveInstant(consent, refreshEndsAt),
  };
}

const INSERT = `
  with made as (
    select * from json_to_recordset($1::json) as made (viewer uuid, link uuid, consent uuid,
      environment text, client text, scopes json, hash text, access text,
      refresh text, refresh_ends timestamptz, ends timestamptz, due timestamptz)
  ), viewers as (
    insert into viewer (id, issuer, subject, created_at)
    select viewer, 'simulated', viewer, $2 from made returning id
  ), counters as (
    insert into change_counter (viewer_id, epoch) select viewer, viewer from made
  ), links as (
    insert into auth_link (id, viewer_id, environment, client_id, state_hash, browser_hash,
      providers, scopes, redirect_uri, status, created_at, expires_at)
    select link, viewer, environment, client, decode(hash, 'hex'), decode(hash, 'hex'), '{}', '{}',
      'https://simulated.test/callback', 'COMPLETED', $2, $2::timestamptz + interval '45 min'
    from made returning id
  ), consents as (
    insert into consent (id, viewer_id, auth_link_id, environment, client_id, scopes,
      consented_at, window_ends_at, ends_at, due_at, planned_at, history_ended_at, created_at)
    select consent, viewer, link, environment, client,
      array(select json_array_elements_text(scopes)), $2, $2, ends, due, $2, $2, $2
    from made returning id
  )
  insert into consent_credential (consent_id, viewer_id, sealed_access, access_issued_at,
    access_expires_at, sealed_refresh, refresh_ends_at)
  select consent, viewer, access, $2::timestamptz - interval '1 hour', $2, refresh, refresh_ends
  from made`;

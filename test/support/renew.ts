import type pg from 'pg';
import { seal, unseal } from '../../src/base/seal.ts';
import { credentialPlace } from '../../src/consents/secrets.ts';
import { ask, jobs } from '../../src/jobs.ts';
import type { WalkPlan } from '../../src/simulator/walk.ts';
import type { TestHouse } from './house.ts';
import type { User } from './user.ts';

/** A consent and whose it is, by our own ids. */
export interface OwnedConsent {
  readonly viewerId: string;
  readonly consentId: string;
}

/** The only consent of a user, by the name in their tokens. */
export async function consentOf(owner: pg.Client, subject: string): Promise<OwnedConsent> {
  const { rows } = await owner.query(
    `select c.viewer_id as "viewerId", c.id as "consentId" from consent c
     join viewer v on v.id = c.viewer_id where v.subject = $1`,
    [subject],
  );
  return rows[0];
}

/**
 * Lets a user confirm a consent anew: they go to the bank once more, and what comes of that takes the
 * place of the tokens and the period that the consent had.
 */
export async function renew(
  test: TestHouse,
  owner: pg.Client,
  user: User,
  { consentId, viewerId }: OwnedConsent,
  given: { readonly input: object; readonly plan?: Partial<WalkPlan> },
): Promise<void> {
  const { rows: known } = await owner.query('select id from consent');
  await user.connect(given.input, given.plan);
  const { rows } = await owner.query(
    `select c.id, k.* from consent c join consent_credential k on k.consent_id = c.id
     where c.id <> all ($1::uuid[])`,
    [known.map(({ id }) => id)],
  );
  const fresh = rows[0];
  const { app } = test.house;
  for (const column of ['sealed_access', 'sealed_refresh'] as const) {
    const token = await unseal(
      app.keys,
      credentialPlace(column, fresh.id, viewerId),
      fresh[column],
    );
    fresh[column] = await seal(app.keys, credentialPlace(column, consentId, viewerId), token);
  }
  await owner.query('delete from consent_credential where consent_id = $1', [consentId]);
  await owner.query(
    `insert into consent_credential (consent_id, viewer_id, sealed_access, access_issued_at,
       access_expires_at, sealed_refresh, refresh_ends_at) values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      consentId,
      viewerId,
      fresh.sealed_access,
      fresh.access_issued_at,
      fresh.access_expires_at,
      fresh.sealed_refresh,
      fresh.refresh_ends_at,
    ],
  );
  await owner.query(
    `update consent old set period = old.period + 1, status = 'ACTIVE', ended_at = null,
       consented_at = new.consented_at, window_ends_at = new.window_ends_at,
       ends_at = new.ends_at, scopes = new.scopes,
       credentials_id = new.credentials_id, planned_at = null, history_ended_at = null
     from consent new where old.id = $1 and new.id = $2`,
    [consentId, fresh.id],
  );
  await owner.query('delete from consent where id = $1', [fresh.id]);
  await app.database.transact(viewerId, (tx) =>
    app.queue.send(tx, [ask(jobs.startBackfill, { viewerId, consentId }, { key: consentId })]),
  );
}

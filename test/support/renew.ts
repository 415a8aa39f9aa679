import { readFileSync } from 'node:fs';
import type pg from 'pg';
import { globalIdOf } from '../../src/base/global-id.ts';
import { PERMISSIONS_TEXT_VERSION } from '../../src/consents/permissions.ts';
import type { WalkPlan } from '../../src/simulator/walk.ts';
import type { TestHouse } from './house.ts';
import type { User } from './user.ts';

const RENEW = readFileSync(
  new URL('../../schema/operations/renew-consent.graphql', import.meta.url),
  'utf8',
);

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

/** Lets a user confirm a consent anew, by a link and the bank's pages. */
export async function renew(
  _test: TestHouse,
  owner: pg.Client,
  user: User,
  { consentId }: OwnedConsent,
  given: { readonly input?: object; readonly plan?: Partial<WalkPlan> } = {},
): Promise<void> {
  const { rows } = await owner.query('select scopes from consent where id = $1', [consentId]);
  const { data, errors } = await user.ask(RENEW, {
    consentId: globalIdOf('Consent', consentId),
    returnTo: 'https://app.example/done',
    reconfirmation: { textVersion: PERMISSIONS_TEXT_VERSION, scopes: rows[0].scopes },
  });
  const url = data?.renewConsent.link?.url;
  if (url === undefined) throw new Error(JSON.stringify(errors ?? data));
  const response = await user.open(await user.walk(url, given.plan));
  const { searchParams } = new URL(response.headers.get('location') ?? 'none:');
  if (searchParams.get('result') !== 'completed') throw new Error(searchParams.toString());
}

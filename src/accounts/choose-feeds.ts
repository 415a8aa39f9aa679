import type { ChangeEntry } from '../changes/log.ts';
import { publish } from '../events.ts';
import type { Tx } from '../postgres/db.ts';
import { lockAccounts } from './known.ts';
import { switchReading } from './reading.ts';

/** By which consent and name an account is to be read; all null where no consent shares it. */
interface Choice {
  readonly id: string;
  readonly consentId: string | null;
  readonly providerAccountId: string | null;
  /** The merged account whose name that is; null for its own. */
  readonly readAsId: string | null;
  readonly wasReadAsId: string | null;
  readonly wasConsentId: string;
}

/**
 * Chooses by which consent each of a viewer's accounts is fed, and writes that down: of those whose
 * newest list holds it, or one that the viewer has merged into it, the living one that was given last;
 * one that was renewed lives once it has listed what it shares now. Where none lives the account stays
 * with the consent that it has, and where none shares it any more it is unshared, its rows kept.
 *
 * Whatever may change the answer calls this: a list, a merge or split, a consent's end or its return.
 *
 * @param without - a consent that is being taken back and feeds nothing more
 * @returns what changed, for the change log
 */
export async function chooseFeeds(
  tx: Tx,
  viewerId: string,
  now: Date,
  without: string | null = null,
): Promise<readonly ChangeEntry[]> {
  await lockAccounts(tx, viewerId);
  const choices = await findChoices(tx, viewerId, without);
  if (choices.length === 0) return [];
  for (const { id, readAsId, wasReadAsId } of choices) {
    // Only where accounts were merged, which are few.
    if (readAsId !== wasReadAsId) await switchReading(tx, id, wasReadAsId, readAsId);
  }
  await tx.$executeRaw`
    update account set
      consent_id = coalesce(choice."consentId", account.consent_id),
      provider_account_id = coalesce(choice."providerAccountId", account.provider_account_id),
      status = case when choice."consentId" is null then 'UNSHARED' else 'SHARED' end::account_status,
      unshared_at = case when choice."consentId" is null
        then coalesce(account.unshared_at, ${now}::timestamptz) end
    from jsonb_to_recordset(${JSON.stringify(choices)}::jsonb)
      as choice (id uuid, "consentId" uuid, "providerAccountId" text)
    where account.id = choice.id`;
  // Whoever follows a consent sees an account come or leave.
  const consentIds = choices.flatMap((choice) => [choice.wasConsentId, choice.consentId]);
  for (const consentId of new Set(consentIds)) {
    if (consentId !== null) await publish(tx, { consentId });
  }
  return choices.map(({ id }) => ({ subject: 'ACCOUNT', subjectId: id, act: 'CHANGED' }));
}

/** The choices that are other than what the accounts say. */
function findChoices(tx: Tx, viewerId: string, without: string | null): Promise<Choice[]> {
  return tx.$queryRaw`
    select account.id::text as id, feed.consent_id::text as "consentId",
      feed.provider_account_id as "providerAccountId",
      nullif(feed.account_id, account.id)::text as "readAsId",
      account.read_as_id::text as "wasReadAsId", account.consent_id::text as "wasConsentId"
    from account left join lateral (
      select listed.*
      from account_feed listed join consent on consent.id = listed.consent_id
        cross join lateral (select consent.ended_at is null and consent.planned_at is not null
          and consent.id is distinct from ${without}::uuid as lives) as state
      where (listed.account_id = account.id or listed.account_id in (
          select merged.id from account merged where merged.merged_into_id = account.id))
        -- None that has ended takes an account over.
        and (lives or listed.consent_id in (
          account.consent_id, (account.own_reading ->> 'consent_id')::uuid))
      order by lives desc, (not lives and listed.consent_id = account.consent_id) desc,
        consent.consented_at desc, consent.id desc, listed.seen_at desc
      limit 1
    ) feed on true
    where account.viewer_id = ${viewerId}::uuid
      and (feed.consent_id, feed.provider_account_id, nullif(feed.account_id, account.id),
          case when feed.consent_id is null then 'UNSHARED' else 'SHARED' end::account_status)
        is distinct from (
          -- Shared by none, it keeps the consent that it had.
          case when feed.consent_id is not null then account.consent_id end,
          case when feed.consent_id is not null then account.provider_account_id end,
          account.read_as_id, account.status)
    order by account.id`;
}

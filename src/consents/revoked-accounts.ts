import type { ChangeEntry } from '../changes/log.ts';
import type { Consent } from '../generated/prisma/client.ts';
import type { Tx } from '../postgres/db.ts';

/**
 * Hands the accounts of a consent that is being taken back to the newest other living consent of the
 * viewer's that reaches them, so that they go on being read.
 *
 * @returns what changed, for the change log
 */
export async function handAccountsOver(tx: Tx, consent: Consent): Promise<ChangeEntry[]> {
  const { id, viewerId } = consent;
  // Locked, for an heir may be taken back at this moment too: of two that wait for each other,
  // Postgres sends one to try again.
  await tx.$queryRaw`
    select id from consent
    where viewer_id = ${viewerId}::uuid and id <> ${id}::uuid and ended_at is null
    order by id for key share`;
  const handed = await tx.$queryRaw<{ id: string }[]>`
    update account set consent_id = heir.consent_id,
      -- Some banks have another id for the same account in each consent.
      provider_account_id = coalesce((
          select alias.provider_account_id from account_alias alias
          where alias.consent_id = heir.consent_id and (alias.account_id = account.id
            or alias.account_id in (select id from account merged where merged.merged_into_id = account.id))
          order by alias.seen_at desc limit 1
        ), account.provider_account_id)
    from (
      select owned.id, (
        select other.id from consent other
        where other.viewer_id = ${viewerId}::uuid and other.id <> ${id}::uuid
          and other.ended_at is null
          -- What was merged into it is the same account, by the viewer's word.
          and exists (select from history_span span
            where span.consent_id = other.id and (span.account_id = owned.id
              or span.account_id in (select id from account merged where merged.merged_into_id = owned.id)))
        order by other.consented_at desc, other.id desc limit 1
      ) as consent_id
      from account owned where owned.consent_id = ${id}::uuid
    ) heir
    where account.id = heir.id and heir.consent_id is not null
    returning account.id::text as id`;
  return handed.map((account) => ({ subject: 'ACCOUNT', subjectId: account.id, act: 'CHANGED' }));
}

/**
 * Erases all that was read by a consent, and what the app gave its link along; accounts that another
 * consent feeds are not its own and stay. The consent itself stays, with nothing in it that the bank
 * said of its user.
 *
 * @returns what is gone, for the change log; transactions go without a word of their own
 */
export async function eraseWhatWasRead(tx: Tx, consent: Consent): Promise<ChangeEntry[]> {
  const { id, authLinkId } = consent;
  const accounts = await tx.$queryRaw<{ id: string; accountKind: string }[]>`
    delete from account where consent_id = ${id}::uuid
    returning id::text as id, kind::text as "accountKind"`;
  const alerts = await tx.$queryRaw<{ id: string }[]>`
    delete from alert where consent_id = ${id}::uuid returning id::text as id`;
  await tx.historySpan.deleteMany({ where: { consentId: id } });
  await tx.trouble.deleteMany({ where: { consentId: id } });
  await tx.holder.deleteMany({ where: { consentId: id } });
  await tx.authLink.updateMany({
    where: { OR: [{ id: authLinkId }, { renewsConsentId: id }] },
    data: { context: null },
  });
  const gone = (
    subject: ChangeEntry['subject'],
    rows: readonly { id: string; accountKind?: string }[],
  ) =>
    rows.map(({ id: subjectId, ...kind }): ChangeEntry => ({
      subject,
      subjectId,
      act: 'REMOVED',
      ...kind,
    }));
  return [...gone('ACCOUNT', accounts), ...gone('ALERT', alerts)];
}

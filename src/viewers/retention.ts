import { chooseFeeds } from '../accounts/choose-feeds.ts';
import { splitTorn } from '../accounts/split.ts';
import type { App } from '../app.ts';
import { DAY, later, nowOf } from '../base/clock.ts';
import { type ChangeEntry, recordChanges } from '../changes/log.ts';
import { trimChanges } from '../changes/trim.ts';
import type { Finding, Tx } from '../postgres/db.ts';

/** Rows that are deleted once they are older than they are to be kept. */
export interface RetentionRule {
  readonly name: string;
  readonly days: number | null;
  /**
   * Finds whose rows they are across viewers, by columns that the scout may read: those before the
   * instant `$1` whose id comes after `$2`, in that order.
   */
  readonly find: string;
  /** Deletes some of them, in the viewer's own transaction; gives how many, 0 where that is all. */
  readonly remove: (tx: Tx, finding: Finding, before: Date) => Promise<number>;
}

const FOUND_AT_ONCE = 200;
const PAGES_MAX = 500;
const BATCHES_MAX = 500;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';
const ROWS_AT_ONCE = 5_000;
/** After which a record that a bank gives no more, or that is understood by now, is nobody's business. */
const REFUSED_DAYS = 90;
const NO_VIEWER = '00000000-0000-0000-0000-000000000001';

/** Deletes what is older than it is to be kept, some rows at a time. Answers `prune`. */
export async function prune(app: App): Promise<void> {
  for (const rule of retentionRules(app)) {
    if (rule.days === null) continue;
    const before = later(nowOf(app.clock), -rule.days * DAY);
    const deleted = await apply(app, rule, before);
    if (deleted > 0) app.log.info({ rule: rule.name, deleted }, 'what was old is deleted');
  }
}

/** All rules. A table with rows of its own gets one here. */
function retentionRules(app: App): readonly RetentionRule[] {
  const { linksDays, changesDays, deliveriesDays, endedDays } = app.config.keep;
  return [
    {
      name: 'links',
      days: linksDays,
      find: `select id, viewer_id from auth_link
        where created_at < $1 and status in ('CANCELLED', 'FAILED', 'ABANDONED') and id > $2
        order by id`,
      remove: async (tx, { id }) => (await tx.authLink.deleteMany({ where: { id } })).count,
    },
    {
      name: 'changes',
      days: changesDays,
      find: `select distinct viewer_id as id, viewer_id from change
        where at < $1 and viewer_id > $2 order by viewer_id`,
      remove: (tx, { viewerId }, before) => trimChanges(tx, viewerId, before),
    },
    {
      name: 'deliveries',
      days: deliveriesDays,
      // Those about no viewer are found under an id that nobody has, before all others.
      find: `select distinct coalesce(viewer_id, '${NO_VIEWER}') as id,
          coalesce(viewer_id, '${NO_VIEWER}') as viewer_id from webhook_delivery
        where created_at < $1 and ended_at is not null and coalesce(viewer_id, '${NO_VIEWER}') > $2
        order by id`,
      remove: (tx, { viewerId }, before) => removeDeliveries(tx, viewerId, before),
    },
    {
      name: 'refused records',
      days: REFUSED_DAYS,
      find: `select id, viewer_id from refused_record where last_seen_at < $1 and id > $2
        order by id`,
      remove: async (tx, { id }) => (await tx.refusedRecord.deleteMany({ where: { id } })).count,
    },
    {
      name: 'ended consents',
      days: endedDays,
      find: `select id, viewer_id from consent
        where ended_at < $1 and status in ('EXPIRED', 'REVOKED') and id > $2 order by id`,
      remove: (tx, finding, before) => removeConsent(app, tx, finding, before),
    },
  ];
}

/** Deletes some deliveries of a viewer's, or of those that are about none. */
function removeDeliveries(tx: Tx, viewerId: string, before: Date): Promise<number> {
  return tx.$executeRaw`
    delete from webhook_delivery where id in (
      select id from webhook_delivery
      where coalesce(viewer_id, ${NO_VIEWER}::uuid) = ${viewerId}::uuid and created_at < ${before}
        and ended_at is not null
      limit ${ROWS_AT_ONCE})`;
}

async function apply(app: App, rule: RetentionRule, before: Date): Promise<number> {
  let deleted = 0;
  let after = BEFORE_ALL;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const found = await app.database.scout(`${rule.find} limit ${FOUND_AT_ONCE}`, [before, after]);
    for (const finding of found) {
      after = finding.id;
      for (let batch = 0; batch < BATCHES_MAX; batch += 1) {
        const { viewerId } = finding;
        const some = await app.database.transact(viewerId, (tx) =>
          rule.remove(tx, finding, before),
        );
        if (some === 0) break;
        deleted += some;
      }
    }
    if (found.length < FOUND_AT_ONCE) break;
  }
  return deleted;
}

/** Deletes some transactions of an ended consent and, once there are none, the consent with all else. */
async function removeConsent(
  app: App,
  tx: Tx,
  { id, viewerId }: Finding,
  before: Date,
): Promise<number> {
  await tx.$queryRaw`select id from consent where id = ${id}::uuid for update`;
  const consent = await tx.consent.findFirst({
    where: { id, endedAt: { lt: before }, status: { in: ['EXPIRED', 'REVOKED'] } },
  });
  // Renewed meanwhile; or its end is still to be told to the bank, with tokens that go with it.
  if (consent === null) return 0;
  if ((await tx.revocation.count({ where: { consentId: id, endedAt: null } })) > 0) return 0;
  // Its user is at the bank to renew it.
  const links = await tx.authLink.count({
    where: { renewsConsentId: id, status: { in: ['OPEN', 'CLAIMED'] } },
  });
  if (links > 0) return 0;
  const now = nowOf(app.clock);
  // What another consent shares or gave does not go along.
  const left = [...(await chooseFeeds(tx, viewerId, now)), ...(await splitTorn(tx, consent, now))];
  const deleted = await tx.$executeRaw`
    delete from transaction where id in (
      select t.id from transaction t join account a on a.id = t.account_id
      where a.consent_id = ${id}::uuid limit ${ROWS_AT_ONCE})`;
  if (deleted > 0) {
    await recordChanges(app, tx, viewerId, now, left, id);
    return deleted;
  }
  const accounts = await tx.account.findMany({ where: { consentId: id } });
  // Its link is what it hangs on.
  await tx.authLink.deleteMany({ where: { id: consent.authLinkId } });
  const gone = { act: 'REMOVED' } as const;
  const changes: ChangeEntry[] = [
    ...left,
    ...accounts.map(({ id: subjectId, kind: accountKind }) => ({
      ...gone,
      subject: 'ACCOUNT' as const,
      subjectId,
      accountKind,
    })),
    { ...gone, subject: 'CONSENT', subjectId: id },
  ];
  await recordChanges(app, tx, viewerId, now, changes, id);
  return 1;
}

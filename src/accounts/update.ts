import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { recordChanges } from '../changes/log.ts';
import { publish } from '../events.ts';
import { ask, jobs } from '../jobs.ts';
import type { Tx } from '../postgres/db.ts';
import {
  AccountMergedError,
  AccountNameRefusedError,
  AccountUnknownError,
} from './account-error.ts';

/** What the viewer wants of an account; undefined leaves it as it is. */
export interface AccountUpdate {
  readonly viewerId: string;
  readonly accountId: string;
  readonly excluded?: boolean | undefined;
  /** The viewer's own name for it; null for the bank's. */
  readonly displayName?: string | null | undefined;
}

const NAME_MAX = 200;

/**
 * Changes what belongs to the viewer of an account. It survives every reading of the bank. An account
 * that is no longer excluded is read again, with the days that were left out as far as they can
 * still be had.
 *
 * @throws AccountUnknownError, AccountNameRefusedError; AccountMergedError if it is merged into another
 */
export async function updateAccount(app: App, update: AccountUpdate): Promise<void> {
  const { viewerId, accountId, excluded } = update;
  const ownName = nameOf(update.displayName);
  const now = nowOf(app.clock);
  await app.database.transact(viewerId, async (tx) => {
    await tx.$queryRaw`select id from account where id = ${accountId}::uuid for update`;
    const account = await tx.account.findUnique({ where: { id: accountId } });
    if (account === null) throw new AccountUnknownError();
    if (account.mergedIntoId !== null) throw new AccountMergedError();
    const { consentId } = account;
    const bankName = account.bankName ?? account.displayName;
    await tx.account.update({
      where: { id: accountId },
      data: {
        ...(excluded === undefined ? {} : { excluded }),
        ...(ownName === undefined ? {} : { ownName, bankName, displayName: ownName ?? bankName }),
      },
    });
    if (account.excluded && excluded === false) await resume(app, tx, viewerId, accountId);
    await publish(tx, { consentId });
    await recordChanges(
      app,
      tx,
      viewerId,
      now,
      [{ subject: 'ACCOUNT', subjectId: accountId, act: 'CHANGED' }],
      consentId,
    );
  });
}

function nameOf(name: string | null | undefined): string | null | undefined {
  if (name === null || name === undefined) return name;
  const text = name.trim();
  if (text === '' || text.length > NAME_MAX || /\p{Cc}/u.test(text)) {
    throw new AccountNameRefusedError();
  }
  return text;
}

async function resume(app: App, tx: Tx, viewerId: string, accountId: string): Promise<void> {
  const reopened = await tx.$queryRaw<{ consentId: string }[]>`
    update history_span set status = 'PLANNED', reason = null, ended_at = null
    from consent
    where account_id in (
        select id from account where ${accountId}::uuid in (account.id, account.merged_into_id))
      and reason = 'ACCOUNT_EXCLUDED'
      and consent.id = consent_id and consent.ended_at is null
      and consent.period = history_span.period
    returning consent_id::text as "consentId"`;
  for (const consentId of new Set(reopened.map((span) => span.consentId))) {
    await tx.consent.update({ where: { id: consentId }, data: { historyEndedAt: null } });
    const payload = { viewerId, consentId };
    await app.queue.send(tx, [ask(jobs.resumeHistory, payload, { key: consentId })]);
  }
}

import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { uuidv7 } from '../base/entropy.ts';
import { ACCOUNTS_MAX, type EventSubject, type EventType } from '../outbox/event-types.ts';
import type { ChangeEntry } from './log.ts';

/** Changes that happened together and are told as one. */
export interface LoggedEvent {
  readonly id: string;
  /** Null where no webhook tells of it. */
  readonly type: EventType | null;
  readonly subject: EventSubject;
  readonly entries: readonly ChangeEntry[];
}

/**
 * Makes events of the changes of one transaction: one of all that happened to accounts, one of all that
 * happened to transactions, and one of each step in a consent's life and of each alert.
 *
 * @param consentId - the consent by which they came, where there is one
 */
export function eventsOf(
  app: App,
  entries: readonly ChangeEntry[],
  consentId: string | undefined,
): readonly LoggedEvent[] {
  const now = nowOf(app.clock);
  const groups = Map.groupBy(entries, groupOf);
  return [...groups.values()].map((group, order) => {
    const [first] = group as [ChangeEntry, ...ChangeEntry[]];
    const type = typeOf(first);
    return {
      id: uuidv7(app.entropy, now, order),
      type,
      subject: subjectOf(type, group, consentId),
      entries: group,
    };
  });
}

function typeOf({ subject, act, event }: ChangeEntry): EventType | null {
  if (event !== undefined) return event;
  switch (subject) {
    case 'CONSENT':
      return act === 'ADDED' ? 'consent.created' : 'consent.changed';
    case 'ALERT':
      return act === 'ADDED' ? 'alert.raised' : null;
    case 'ACCOUNT':
    case 'BALANCE':
      return 'accounts.changed';
    case 'TRANSACTION':
      return 'transactions.changed';
  }
}

function groupOf(entry: ChangeEntry): string {
  const type = typeOf(entry);
  const together = type === 'accounts.changed' || type === 'transactions.changed';
  return together ? type : `${type} ${entry.subject} ${entry.subjectId}`;
}

function subjectOf(
  type: EventType | null,
  entries: readonly ChangeEntry[],
  consentId: string | undefined,
): EventSubject {
  const [{ subject, subjectId }] = entries as [ChangeEntry];
  const consent = subject === 'CONSENT' ? subjectId : consentId;
  return {
    ...(consent === undefined ? {} : { consentId: consent }),
    ...(subject === 'ALERT' ? { alertId: subjectId } : {}),
    ...(type === 'accounts.changed' || type === 'transactions.changed' ? accountsOf(entries) : {}),
  };
}

function accountsOf(entries: readonly ChangeEntry[]): EventSubject {
  const ids = new Set<string>();
  const goneKinds: Record<string, string> = {};
  for (const { subject, subjectId, accountId, accountKind } of entries) {
    const id = subject === 'TRANSACTION' ? accountId : subjectId;
    if (id === undefined || (!ids.has(id) && ids.size === ACCOUNTS_MAX)) continue;
    ids.add(id);
    if (accountKind !== undefined) goneKinds[id] = accountKind;
  }
  return { accountIds: [...ids], goneKinds, count: entries.length };
}

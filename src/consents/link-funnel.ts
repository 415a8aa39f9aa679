import type { App } from '../app.ts';
import { DAY, later, nowOf } from '../base/clock.ts';
import { ExpectedError } from '../base/errors.ts';
import type { AuthLinkStatus } from '../generated/prisma/client.ts';

/** How the links of some days fared. Each is open or has ended in one of four ways. */
export interface LinkCounts {
  readonly issued: number;
  readonly opened: number;
  readonly returned: number;
  readonly open: number;
  readonly completed: number;
  readonly cancelled: number;
  readonly failed: number;
  readonly abandoned: number;
  /** Of the failed ones, by reason, the most frequent first. */
  readonly failures: readonly { readonly code: string; readonly count: number }[];
}

/** The same for one bank; null for links that left the choice to the user. */
export interface ProviderLinkCounts extends LinkCounts {
  readonly providerId: string | null;
}

/** How all links fared, and those of each bank, the one with most links first. */
export interface LinkFunnel extends LinkCounts {
  readonly from: Date;
  readonly to: Date;
  readonly byProvider: readonly ProviderLinkCounts[];
}

const DAYS_DEFAULT = 30;
const DAYS_MAX = 366;
const PROVIDERS_MAX = 100;

interface Group {
  readonly provider_id: string | null;
  readonly status: AuthLinkStatus;
  readonly error_code: string | null;
  readonly issued: number;
  readonly opened: number;
  readonly returned: number;
}

/**
 * Counts the links that were issued in a range, across viewers, for operators. It reads no column that
 * could name a user.
 *
 * @param from - the first instant; 30 days before `to` if not given
 * @param to - the first instant after; now if not given
 * @throws ExpectedError `BAD_INPUT` for a range that is empty or longer than 366 days
 */
export async function countLinks(
  app: App,
  from: Date | null | undefined,
  to: Date | null | undefined,
): Promise<LinkFunnel> {
  const end = to ?? nowOf(app.clock);
  const begin = from ?? later(end, -DAYS_DEFAULT * DAY);
  const days = (end.getTime() - begin.getTime()) / DAY;
  if (!(days > 0 && days <= DAYS_MAX)) {
    throw new ExpectedError('BAD_INPUT', `from is before to, by at most ${DAYS_MAX} days.`);
  }
  const groups = await app.database.scoutTotals<Group>(
    `select provider_id, status::text, error_code, count(*)::int as issued,
       count(opened_at)::int as opened, count(returned_at)::int as returned
     from auth_link where environment = $1 and created_at >= $2 and created_at < $3
     group by provider_id, status, error_code`,
    [app.client.environment, begin, end],
  );
  const byProvider = [...Map.groupBy(groups, (group) => group.provider_id)]
    .map(([providerId, own]) => ({ providerId, ...sum(own) }))
    .toSorted((a, b) => b.issued - a.issued || compare(a.providerId ?? '', b.providerId ?? ''))
    .slice(0, PROVIDERS_MAX);
  return { from: begin, to: end, ...sum(groups), byProvider };
}

function sum(groups: readonly Group[]): LinkCounts {
  const total = (column: 'issued' | 'opened' | 'returned', ...statuses: AuthLinkStatus[]) =>
    groups
      .filter(({ status }) => statuses.length === 0 || statuses.includes(status))
      .reduce((count, group) => count + group[column], 0);
  const failed = groups.filter(({ status }) => status === 'FAILED');
  const failures = [...Map.groupBy(failed, ({ error_code: code }) => code ?? 'UNKNOWN')].map(
    ([code, own]) => ({ code, count: own.reduce((count, { issued }) => count + issued, 0) }),
  );
  return {
    issued: total('issued'),
    opened: total('opened'),
    returned: total('returned'),
    open: total('issued', 'OPEN', 'CLAIMED'),
    completed: total('issued', 'COMPLETED'),
    cancelled: total('issued', 'CANCELLED'),
    failed: total('issued', 'FAILED'),
    abandoned: total('issued', 'ABANDONED'),
    failures: failures.toSorted((a, b) => b.count - a.count || compare(a.code, b.code)),
  };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

import type { App } from '../app.ts';
import { currentLimits } from '../providers/learnt-limits.ts';
import { dayOf } from '../base/days.ts';
import type { SpanEnd } from './end-span.ts';
import type { OpenSpan } from './open-span.ts';
import { paceOf } from './pace.ts';
import { cutDays, mayBegin } from './plan.ts';
import { cutPlanned } from './shrink.ts';
import { lengthOf } from './stretch.ts';

/**
 * What would come of asking for a span now, as far as that is known: the end that it has without a
 * call; `CUT` where the bank answers shorter calls only, and those were asked for in its stead; null
 * where it is to be asked.
 */
export async function foresee(
  app: App,
  span: OpenSpan,
  now: Date,
): Promise<SpanEnd | 'CUT' | null> {
  const { viewerId, consentId, accountId, period, deadlineAt, untilOn, account } = span;
  if (!mayBegin(deadlineAt, now, paceOf(app, account.providerId))) {
    return { status: 'MISSED', reason: 'WINDOW_CLOSED' };
  }
  // Nobody serves what is older than days that are out of reach. Of the days that can be read later
  // it tells nothing, nor they of these.
  const newer = await app.database.reader(viewerId).historySpan.findFirst({
    where: {
      consentId,
      accountId,
      period,
      status: 'REFUSED',
      untilOn: { gt: untilOn },
      deadlineAt: deadlineAt === null ? null : { not: null },
    },
    select: { reason: true },
  });
  if (newer !== null) return { status: 'REFUSED', reason: newer.reason ?? 'OUT_OF_REACH' };
  const days = { from: dayOf(span.fromOn), until: dayOf(untilOn) };
  const { longestDays } = await currentLimits(app.database.shared, account, now);
  if (lengthOf(days) <= longestDays) return null;
  await cutPlanned(app, span, cutDays(days, longestDays));
  return 'CUT';
}

import { DAY, type Clock } from '../../base/clock.ts';
import { keepNewest } from '../bounded-map.ts';
import type { Grant, RefreshToken } from './grant.ts';

/** What is known of the refresh tokens that were used. */
export interface RefreshUses {
  /** Notes a use; false if the token is worth nothing: replaced, or idle for 30 days. */
  use(token: RefreshToken): boolean;
  /**
   * True if a later refresh token of the same connection has been used. Until then both are good,
   * so that an app whose answer got lost can ask again. Later is the one of a later consent, and
   * within a consent the one of a higher generation.
   */
  isReplaced(token: RefreshToken): boolean;
  /** The generation that the refresh tokens of a grant, new or renewed, begin with. */
  firstGeneration(grant: Grant): number;
}

/** The latest refresh token of a connection that was used. */
interface LatestUse {
  readonly consentedAt: number;
  readonly generation: number;
  readonly usedAt: number;
}

const IDLE_MILLISECONDS = 30 * DAY;

/** No uses yet. Idle times count from now or from the consent, whichever is later. */
export function makeRefreshUses(clock: Clock, max: number): RefreshUses {
  const startedAt = clock.now();
  const latest = new Map<string, LatestUse>();

  function isReplaced({ grant, generation }: RefreshToken): boolean {
    const use = latest.get(grant.credentialsId);
    if (use === undefined) return false;
    const isSameConsent = use.consentedAt === grant.consentedAt.getTime();
    return isSameConsent
      ? generation < use.generation
      : grant.consentedAt.getTime() < use.consentedAt;
  }

  return {
    isReplaced,
    firstGeneration({ consentedAt, credentialsId }) {
      const use = latest.get(credentialsId);
      // Renewed at the very instant of its consent, as can happen while a test's clock stands still.
      return use?.consentedAt === consentedAt.getTime() ? use.generation + 1 : 0;
    },
    use(token) {
      if (isReplaced(token)) return false;
      const { credentialsId, consentedAt } = token.grant;
      const consented = consentedAt.getTime();
      const before = latest.get(credentialsId);
      const lastUsedAt =
        before?.consentedAt === consented ? before.usedAt : Math.max(consented, startedAt);
      const now = clock.now();
      const isIdle = now - lastUsedAt > IDLE_MILLISECONDS;
      const use: LatestUse = {
        consentedAt: consented,
        generation: token.generation,
        // A death is written down, so that a clock set back by a test does not raise the dead.
        usedAt: isIdle ? Number.NEGATIVE_INFINITY : now,
      };
      keepNewest(latest, credentialsId, use, max);
      return !isIdle;
    },
  };
}

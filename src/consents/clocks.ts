import type { Consent } from '../generated/prisma/client.ts';
import { LIVING } from './status.ts';

/** When the tokens of a consent end; nothing of what they are. */
export interface TokenDates {
  readonly accessExpiresAt: Date;
  /** When the refresh token dies if it is not used; null without one. */
  readonly refreshEndsAt: Date | null;
}

/** The three clocks of a consent, the bank's hint beside them. */
export interface Clocks {
  readonly accessTokenEndsAt: Date | null;
  readonly refreshTokenEndsAt: Date | null;
  readonly consentEndsAt: Date;
  /** The clock by which access ends first if nobody does anything; null once it has ended. */
  readonly binding: 'ACCESS_TOKEN' | 'REFRESH_TOKEN' | 'CONSENT' | null;
  readonly bankHint: Date | null;
}

/** The clocks of a consent, whose tokens may have been destroyed. */
export function clocksOf(
  consent: Pick<Consent, 'status' | 'endsAt' | 'bankEndsAt'>,
  tokens: TokenDates | null,
): Clocks {
  const { status, endsAt, bankEndsAt } = consent;
  const dates = {
    accessTokenEndsAt: tokens?.accessExpiresAt ?? null,
    refreshTokenEndsAt: tokens?.refreshEndsAt ?? null,
    consentEndsAt: endsAt,
    bankHint: bankEndsAt,
  };
  if (tokens === null || !LIVING.includes(status)) return { ...dates, binding: null };
  // An access token is replaced by the refresh token; only without one does its end count.
  if (tokens.refreshEndsAt === null) return { ...dates, binding: 'ACCESS_TOKEN' };
  return { ...dates, binding: tokens.refreshEndsAt < endsAt ? 'REFRESH_TOKEN' : 'CONSENT' };
}

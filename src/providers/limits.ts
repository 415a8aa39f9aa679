/** How far back a bank serves transactions, and how soon after consent it stops serving them. */
export interface HistoryLimits {
  /** Minutes after consent in which the whole history can be read. */
  readonly windowMinutes: number;
  /** Months that can be read inside the window, 1 to 72. */
  readonly reachMonths: number;
  /** Days that can still be read once the window has closed. */
  readonly laterDays: number;
}

// A bank that is not named here gets the shortest window known, for what is planned early costs
// nothing where there was more time. Monzo: 5 minutes, 88 days later. The Lloyds group brought in
// 45 minutes, yet Halifax answers today as if it were five.
const DEFAULT_LIMITS: HistoryLimits = { windowMinutes: 5, reachMonths: 72, laterDays: 90 };
const LIMITS: Readonly<Record<string, Partial<HistoryLimits>>> = {
  'ob-monzo': { laterDays: 88 },
  'ob-lloyds': { windowMinutes: 45 },
  'ob-bos': { windowMinutes: 45 },
  mock: { windowMinutes: 45 },
};

/**
 * The history limits of a provider.
 *
 * @see https://docs.truelayer.com "Fetch historical transactions": 5 to 45 minutes, then 90 days
 */
export function historyLimits(providerId: string): HistoryLimits {
  return { ...DEFAULT_LIMITS, ...LIMITS[providerId] };
}

/**
 * Days until the user must confirm a consent again. 90 everywhere for now: the shortest period that
 * any country's law asks for.
 *
 * @see https://docs.truelayer.com "User re-consent"
 */
export const CONSENT_DAYS = 90;

/** How far back a bank serves transactions, and how soon after consent it stops serving them. */
export interface HistoryLimits {
  /** Minutes after consent in which the whole history can be read. */
  readonly windowMinutes: number;
  /** Months that can be read inside the window, 1 to 72. */
  readonly reachMonths: number;
  /** Days before today that it was seen to serve inside the window, and no more; null where not known. */
  readonly reachDays: number | null;
  /** Days that can still be read once the window has closed. */
  readonly laterDays: number;
  /** Days that one call may cover. */
  readonly longestDays: number;
}

// A bank that is not named here gets the shortest window known, for what is planned early costs
// nothing where there was more time. Monzo: 5 minutes, 88 days later. The Lloyds group brought in
// 45 minutes, yet Halifax answers today as if it were five.
// Calls of half a year are the longest that TrueLayer recommends.
const DEFAULT_LIMITS: HistoryLimits = {
  windowMinutes: 5,
  reachMonths: 72,
  reachDays: null,
  laterDays: 90,
  longestDays: 182,
};
const LIMITS: Readonly<Record<string, Partial<HistoryLimits>>> = {
  'ob-monzo': { laterDays: 88 },
  'ob-lloyds': { windowMinutes: 45 },
  'ob-bos': { windowMinutes: 45 },
  mock: { windowMinutes: 45 },
};

/**
 * The history limits of a provider, as far as they are known beforehand; what its refusals have
 * taught since is in `learnt-limits.ts`.
 *
 * @see https://docs.truelayer.com "Fetch historical transactions": 5 to 45 minutes, then 90 days
 */
export function historyLimits(providerId: string): HistoryLimits {
  return { ...DEFAULT_LIMITS, ...LIMITS[providerId] };
}

// Of the European Economic Area: 180 days by the law of 2023. The United Kingdom kept 90.
const EEA_COUNTRIES: readonly string[] =
  'at be bg cy cz de dk ee el es fi fr gr hr hu ie is it li lt lu lv mt nl no pl pt ro se si sk'.split(
    ' ',
  );
const EEA_DAYS = 180;
// Also where the country is unknown: told too early costs the user a login, too late the access.
const DEFAULT_DAYS = 90;
const DAYS: Readonly<Record<string, number>> = { uk: 90 };

/**
 * Days until the user must confirm a consent again.
 *
 * @param provider - its country as TrueLayer writes it, `uk` or two letters; null where unknown
 * @param configured - what the operator knows better, by provider, country or `eea`
 * @see https://docs.truelayer.com "User re-consent"; EU 2022/2360: 180 days
 */
export function consentDays(
  { providerId, country }: { readonly providerId: string | null; readonly country: string | null },
  configured: ReadonlyMap<string, number>,
): number {
  const lower = country?.toLowerCase() ?? '';
  const place = lower === 'gb' ? 'uk' : lower;
  const eea = EEA_COUNTRIES.includes(place);
  return (
    configured.get(providerId?.toLowerCase() ?? '') ??
    configured.get(place) ??
    (eea ? configured.get('eea') : undefined) ??
    DAYS[place] ??
    (eea ? EEA_DAYS : DEFAULT_DAYS)
  );
}

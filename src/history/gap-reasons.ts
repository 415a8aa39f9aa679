/** Why days were not had that a fresh window, or a new id of the account, may give after all. */
const MENDABLE: readonly string[] = [
  'WINDOW_CLOSED',
  'CONSENT_ENDED',
  'SCA_EXCEEDED',
  'ACCESS_DENIED',
  'OUT_OF_REACH',
  'ACCOUNT_GONE',
  'USER_ACTION',
  'ACCOUNT_UNSHARED',
  'ACCOUNT_EXCLUDED',
];

/** Whether days that were not had for this reason are asked for again once the consent is renewed. */
export function isMendable(reason: string | null): boolean {
  return reason !== null && MENDABLE.includes(reason);
}

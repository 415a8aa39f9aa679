import type { App } from '../app.ts';

/** Of how many calls to a bank the quickest is taken. */
const CALLS_KEPT = 16;

// Of this process alone and forgotten with it: it only spares calls that nothing would come of.
const paces = new WeakMap<App, Map<string, readonly number[]>>();

/**
 * Milliseconds that a call for transactions takes a bank at the least: the quickest of the last few;
 * 0 where none has been made yet.
 */
export function paceOf(app: App, providerId: string): number {
  const calls = paces.get(app)?.get(providerId) ?? [];
  return calls.length === 0 ? 0 : Math.min(...calls);
}

/** Notes how long a call took that was answered. */
export function notePace(app: App, providerId: string, milliseconds: number): void {
  const ofBanks = paces.get(app) ?? new Map<string, readonly number[]>();
  paces.set(app, ofBanks);
  ofBanks.set(providerId, [...(ofBanks.get(providerId) ?? []), milliseconds].slice(-CALLS_KEPT));
}

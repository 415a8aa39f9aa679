import type { App } from '../app.ts';

/** Where notices come in: below it, the secret of one task. */
export const RESULTS_PATH = '/results/';

/**
 * The address at which the bank is to tell that a task has ended; undefined where TrueLayer could not
 * reach this server, so that polling has to do.
 */
export function resultsNoticeUri(app: App, secret: string): string | undefined {
  const { publicUrl } = app.config;
  const isReachable = publicUrl.startsWith('https:') || isThisMachine(app.client.authUrl);
  return isReachable ? `${publicUrl}${RESULTS_PATH}${secret}` : undefined;
}

/** A simulator that runs beside us calls plain http too. */
function isThisMachine(address: string): boolean {
  return /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(address).hostname);
}

import { instantInWords, type Zone } from '../base/zones.ts';
import type { Alert, Consent } from '../generated/prisma/client.ts';
import { LIVING } from './status.ts';

/**
 * What an alert has to say to the user, in plain English: by now, since it may have been overtaken.
 *
 * @param bank - its name; null while it has not said that
 */
export function alertWords(
  alert: Pick<Alert, 'period'>,
  consent: Pick<Consent, 'period' | 'status' | 'endsAt'>,
  bank: string | null,
  zone: Zone,
): string {
  const connection = bank === null ? 'Your connection to your bank' : `Your connection to ${bank}`;
  if (alert.period < consent.period) return `${connection} has been renewed.`;
  if (!LIVING.includes(consent.status)) {
    return `${connection} has ended. Connect the bank again to keep your accounts up to date.`;
  }
  const end = instantInWords(consent.endsAt, zone);
  return `${connection} ends on ${end}. Renew it before then to keep your accounts up to date.`;
}

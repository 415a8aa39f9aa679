import type { ConfigReader } from './config-reader.ts';
import { parseZone, type Zone } from './zones.ts';

const ALERT_DAYS = [14, 7, 3, 1, 0];
const ALERT_DAYS_MAX = 60;
const CONSENT_DAYS_MAX = 365;
// Wherever in Europe somebody reads it, an hour that is civil there is not far from it.
const ZONE = 'Europe/London' as Zone;

/** Reads how many days before its end a consent is announced: `14,7,3,1,0`. */
export function readAlertDays(reader: ConfigReader): readonly number[] {
  const words = reader.list('ALERT_DAYS_BEFORE');
  if (words.length === 0) return ALERT_DAYS;
  const days = words.map((word) => (/^\d{1,2}$/.test(word) ? Number(word) : Number.NaN));
  const good = days.every(
    (day, index) => day <= ALERT_DAYS_MAX && (index === 0 || day < (days[index - 1] ?? 0)),
  );
  if (!good) {
    reader.fault(
      `ALERT_DAYS_BEFORE is ${JSON.stringify(words.join(','))}: ` +
        `it is whole days, 0 to ${ALERT_DAYS_MAX}, each less than the one before.`,
    );
  }
  return days;
}

/** Reads what an operator knows better of how long consents last: `uk:90,eea:180,ob-monzo:90`. */
export function readConsentDays(reader: ConfigReader): ReadonlyMap<string, number> {
  return new Map(
    reader.list('CONSENT_DAYS').map((text) => {
      const [, name = '', digits = ''] = /^([\w-]+):(\d{1,3})$/.exec(text) ?? [];
      const days = Number(digits);
      if (!(days >= 1 && days <= CONSENT_DAYS_MAX)) {
        reader.fault(
          `CONSENT_DAYS: ${JSON.stringify(text)} is no name:days, ` +
            `with a country, eea or a provider, and 1 to ${CONSENT_DAYS_MAX} days.`,
        );
      }
      return [name.toLowerCase(), days];
    }),
  );
}

/** Reads in which zone users live of whom nothing better is known. */
export function readTimeZone(reader: ConfigReader): Zone {
  const text = reader.text('TIME_ZONE');
  if (text === undefined) return ZONE;
  const zone = parseZone(text);
  if (zone === null) {
    reader.fault(`TIME_ZONE is ${JSON.stringify(text)}: it is a name such as Europe/London.`);
  }
  return zone ?? ZONE;
}

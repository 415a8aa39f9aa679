import type { ConsentStatus } from '../generated/prisma/enums.ts';
import { LIVING } from './status.ts';
import {
  type Advice,
  type BankManner,
  type KnownTrouble,
  OURS,
  type Remedy,
  troubleAdvice,
} from './trouble-remedy.ts';

/** All that decides what mends a consent. */
export interface ConsentFacts {
  readonly status: ConsentStatus;
  readonly statusReason: string | null;
  readonly consentedAt: Date;
  readonly endsAt: Date;
  /** When it came to stand where it does. */
  readonly movedAt: Date | null;
  /** Whether it has a refresh token, which serves while the user is away. */
  readonly offline: boolean;
  /** Whether it was given to another client than this server speaks as. */
  readonly foreign: boolean;
  /** Since when TrueLayer refuses this client; null where it does not. */
  readonly clientRefusedAt: Date | null;
  /** Since when the bank's word that it has ended is not believed; null where nothing is doubted. */
  readonly doubtedAt: Date | null;
  readonly bank: BankManner;
  /** Of the consent as a whole. */
  readonly troubles: readonly KnownTrouble[];
}

/**
 * What mends a consent. The first rule that fits counts:
 *
 * | where it stands                                              | remedy       |
 * | ------------------------------------------------------------ | ------------ |
 * | REVOKED; EXPIRED or over, and given for one visit only        | RECONNECT    |
 * | TrueLayer refuses this client; living, but another client's   | OPERATOR     |
 * | REAUTH_REQUIRED; EXPIRED; living past its end                 | RENEW        |
 * | EXPIRING                                                     | RENEW        |
 * | living, its tokens damaged, or the bank's word in doubt       | OPERATOR     |
 * | living, and all of the bank fails: see the table of troubles  | as that says |
 * | anything else                                                | NONE         |
 *
 * The operator comes before the user where a renewal could not succeed, and after where it would help.
 */
export function consentAdvice(facts: ConsentFacts, now: Date): Advice {
  const { status, statusReason, endsAt } = facts;
  const bank = facts.bank.name;
  const living = LIVING.includes(status);
  const since = facts.movedAt ?? facts.consentedAt;
  const stopped = (remedy: Remedy, message: string, from: Date = since): Advice => {
    return { remedy, message, stops: true, since: from, until: null };
  };
  const over = status === 'EXPIRED' || (living && now >= endsAt);
  if (status === 'REVOKED') {
    return stopped('RECONNECT', `You ended this connection. Connect ${bank} again to resume it.`);
  }
  if (over && (living ? !facts.offline : statusReason === 'ACCESS_OVER')) {
    return stopped('RECONNECT', `${bank} was connected for one visit. Connect it again to update.`);
  }
  if (facts.clientRefusedAt !== null) return stopped('OPERATOR', OURS, facts.clientRefusedAt);
  if (facts.foreign && living) return stopped('OPERATOR', OURS);
  if (status === 'REAUTH_REQUIRED') {
    const message = `${bank} no longer accepts this connection. Please confirm it again.`;
    return stopped('RENEW', message + difficulty(facts));
  }
  if (over) {
    const message = `Your permission for ${bank} has run out. Please confirm it again.`;
    return stopped('RENEW', message + difficulty(facts), living ? endsAt : since);
  }
  if (status === 'EXPIRING') {
    const message = `Your permission for ${bank} runs out soon. Confirm it again to keep it going.`;
    return { remedy: 'RENEW', message, stops: false, since, until: endsAt };
  }
  if (facts.doubtedAt !== null || statusReason === 'TOKEN_UNREADABLE') {
    return stopped('OPERATOR', OURS, facts.doubtedAt ?? since);
  }
  const advice = troubleAdvice(facts.troubles, facts.bank, now);
  return { ...advice, stops: advice.remedy !== 'NONE' };
}

function difficulty({ bank }: ConsentFacts): string {
  return bank.healthy === false
    ? ' The bank has difficulties at present, so it may take a while.'
    : '';
}

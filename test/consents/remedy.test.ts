import { describe, expect, it } from 'vitest';
import { DAY, later, MINUTE } from '../../src/base/clock.ts';
import { clocksOf } from '../../src/consents/clocks.ts';
import { consentAdvice, type ConsentFacts } from '../../src/consents/remedy.ts';
import { accountAdvice, type KnownTrouble } from '../../src/consents/trouble-remedy.ts';

const NOW = new Date('2026-03-02T09:00:00Z');
const BANK = { name: 'Lloyds', healthy: true };
const LIVES: ConsentFacts = {
  status: 'ACTIVE',
  statusReason: null,
  consentedAt: later(NOW, -DAY),
  endsAt: later(NOW, 89 * DAY),
  movedAt: later(NOW, -DAY),
  offline: true,
  foreign: false,
  clientRefusedAt: null,
  doubtedAt: null,
  bank: BANK,
  troubles: [],
};

const trouble = (meaning: string, lastedMilliseconds: number, endpoint = 'BANK'): KnownTrouble => ({
  endpoint,
  meaning,
  since: later(NOW, -lastedMilliseconds),
  lastSeenAt: NOW,
});

describe('what mends a consent', () => {
  const alarm = { clientRefusedAt: NOW };
  const expired = { status: 'EXPIRED', statusReason: 'PERIOD_OVER' } as const;
  const refused = { status: 'REAUTH_REQUIRED', statusReason: 'GRANT_ENDED' } as const;
  const expiring = { status: 'EXPIRING', statusReason: 'ENDS_SOON' } as const;
  const away = [trouble('UNAVAILABLE', 10 * MINUTE)];
  const CASES: readonly [name: string, facts: Partial<ConsentFacts>, remedy: string][] = [
    ['one that lives', {}, 'NONE'],
    ['one of a single visit that lives', { offline: false }, 'NONE'],
    [
      'one whose bank is not recommended, yet is read',
      { bank: { ...BANK, healthy: false } },
      'NONE',
    ],
    ['one near its end', expiring, 'RENEW'],
    ['one near its end whose bank is away', { ...expiring, troubles: away }, 'RENEW'],
    ['one near its end in doubt', { ...expiring, doubtedAt: NOW }, 'RENEW'],
    ['one that the bank ended', refused, 'RENEW'],
    ['one that has expired', expired, 'RENEW'],
    ['one past its end that nobody has tended', { endsAt: NOW }, 'RENEW'],
    ['one of a single visit past its end', { endsAt: NOW, offline: false }, 'RECONNECT'],
    ['one of a single visit', { status: 'EXPIRED', statusReason: 'ACCESS_OVER' }, 'RECONNECT'],
    ['one that was taken back', { status: 'REVOKED', ...alarm, troubles: away }, 'RECONNECT'],
    ['any while the client is refused', alarm, 'OPERATOR'],
    ['one near its end while the client is refused', { ...expiring, ...alarm }, 'OPERATOR'],
    ['one that has expired while the client is refused', { ...expired, ...alarm }, 'OPERATOR'],
    ['one of another client', { foreign: true }, 'OPERATOR'],
    ['an ended one of another client', { ...expired, foreign: true }, 'RENEW'],
    ['one with damaged tokens', { statusReason: 'TOKEN_UNREADABLE' }, 'OPERATOR'],
    ['one whose refusal is doubted', { doubtedAt: NOW }, 'OPERATOR'],
    ['one whose bank is away', { troubles: away }, 'WAIT'],
    ['one whose bank had a bad moment', { troubles: [trouble('UNAVAILABLE', 1_000)] }, 'NONE'],
    ['one whose bank has left', { troubles: [trouble('PROVIDER_DEPRECATED', 0)] }, 'CONTACT_BANK'],
    ['one that is locked at the bank', { troubles: [trouble('USER_ACTION', 0)] }, 'CONTACT_BANK'],
    ['one whose list is refused', { troubles: [trouble('ACCESS_DENIED', 0, 'ACCOUNTS')] }, 'WAIT'],
  ];

  it.each(CASES)('%s', (_name, facts, remedy) => {
    const advice = consentAdvice({ ...LIVES, ...facts }, NOW);
    expect(advice.remedy).toBe(remedy);
    expect(advice.message === null).toBe(remedy === 'NONE');
    expect(advice.since === null).toBe(remedy === 'NONE');
    // Only one that is near its end goes on being read while something is to be done about it.
    expect(advice.stops).toBe(remedy !== 'NONE' && advice.until === null);
  });

  it('a refusal of the bank to renew well is told along with its difficulties', () => {
    const advice = consentAdvice({ ...LIVES, ...expired, bank: { ...BANK, healthy: false } }, NOW);
    expect(advice.message).toBe(
      'Your permission for Lloyds has run out. Please confirm it again. The bank has difficulties at present, so it may take a while.',
    );
  });
});

describe('what mends an account', () => {
  const well = consentAdvice(LIVES, NOW);
  const advise = (troubles: readonly KnownTrouble[], bank = BANK) =>
    accountAdvice(well, troubles, bank, NOW);

  it.each([
    ['UNAVAILABLE', 0, 'NONE'],
    ['UNAVAILABLE', MINUTE, 'WAIT'],
    ['UNAVAILABLE', 30 * DAY, 'WAIT'],
    ['RATE_LIMITED', MINUTE, 'WAIT'],
    ['UNATTENDED_LIMIT', DAY, 'NONE'],
    ['NOT_SUPPORTED', DAY, 'NONE'],
    ['ACCESS_DENIED', 0, 'WAIT'],
    ['ACCESS_DENIED', 7 * DAY - 1, 'WAIT'],
    ['ACCESS_DENIED', 7 * DAY, 'CONTACT_BANK'],
    ['SCA_EXCEEDED', 7 * DAY, 'CONTACT_BANK'],
    ['TOKEN_REJECTED', 0, 'WAIT'],
    ['ACCOUNT_GONE', 0, 'CONTACT_BANK'],
    ['USER_ACTION', 0, 'CONTACT_BANK'],
    ['REQUEST_REFUSED', 0, 'OPERATOR'],
    ['A_WORD_OF_TOMORROW', MINUTE, 'WAIT'],
  ])('%s for %i milliseconds: %s', (meaning, lasted, remedy) => {
    expect(advise([trouble(meaning, lasted, 'BALANCE')]).remedy).toBe(remedy);
  });

  it('is told of the worst trouble, in words that name what is missing', () => {
    const troubles = [
      trouble('ACCESS_DENIED', 0, 'BALANCE'),
      trouble('USER_ACTION', 0, 'TRANSACTIONS'),
    ];
    expect(advise(troubles)).toMatchObject({
      remedy: 'CONTACT_BANK',
      message:
        'Lloyds wants you to do something before it shows us the transactions of this account. Please sign in there.',
      stops: false,
    });
  });

  it('is that of its consent, where that stops all reading', () => {
    const ended = consentAdvice({ ...LIVES, status: 'EXPIRED', statusReason: 'PERIOD_OVER' }, NOW);
    expect(accountAdvice(ended, [trouble('USER_ACTION', 0)], BANK, NOW)).toBe(ended);
    const near = consentAdvice({ ...LIVES, status: 'EXPIRING' }, NOW);
    expect(accountAdvice(near, [], BANK, NOW).remedy).toBe('NONE');
  });

  it('is to wait at once where the bank is known to have difficulties', () => {
    const bank = { ...BANK, healthy: false };
    expect(advise([trouble('UNAVAILABLE', 0, 'PENDING')], bank).remedy).toBe('WAIT');
  });
});

describe('the clock that binds', () => {
  const at = (days: number) => later(NOW, days * DAY);
  const consent = { status: 'ACTIVE', endsAt: at(90), bankEndsAt: at(80) } as const;
  it.each([
    ['the refresh token, where it dies first', consent, 30, 'REFRESH_TOKEN'],
    ['the period, where it ends first', { ...consent, endsAt: at(20) }, 30, 'CONSENT'],
    ['the period, where both end together', { ...consent, endsAt: at(30) }, 30, 'CONSENT'],
    ['the access token, without another', { ...consent, endsAt: at(1) }, null, 'ACCESS_TOKEN'],
    ['none, once it has ended', { ...consent, status: 'REAUTH_REQUIRED' as const }, 30, null],
  ])('is %s', (_name, row, refreshDays, binding) => {
    const refreshEndsAt = refreshDays === null ? null : at(refreshDays);
    expect(clocksOf(row, { accessExpiresAt: at(1), refreshEndsAt })).toEqual({
      accessTokenEndsAt: at(1),
      refreshTokenEndsAt: refreshEndsAt,
      consentEndsAt: row.endsAt,
      binding,
      bankHint: at(80),
    });
  });
});

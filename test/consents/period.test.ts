import pg from 'pg';
import { expect, it } from 'vitest';
import { DAY, SECOND } from '../../src/base/clock.ts';
import { startTestHouse, storyClock } from '../support/house.ts';
import { settle } from '../support/time.ts';
import { User } from '../support/user.ts';

it('a consent lasts as long as at its bank, also where the user chooses that at the bank', async () => {
  const clock = storyClock();
  const start = clock.now();
  const test = await startTestHouse({ clock, environment: { CONSENT_DAYS: 'ob-monzo:60' } });
  const owner = new pg.Client(test.databaseUrl);
  await owner.connect();
  try {
    const alice = new User(test, 'alice');
    const scopes = ['accounts', 'offline_access'];
    const ends = async () =>
      (await owner.query('select ends_at as at from consent order by created_at desc')).rows[0].at;
    await alice.connect({ providerId: 'xs2a-n26-de', scopes });
    expect(await ends()).toEqual(new Date(start + 180 * DAY));
    await clock.setTime(start + SECOND);
    await alice.connect(
      { providers: ['de-xs2a-all', 'uk-ob-all'], scopes },
      { provider: 'ob-monzo' },
    );
    expect(await ends()).toEqual(new Date(start + SECOND + 90 * DAY));
    await settle(test, clock);
    expect(await ends()).toEqual(new Date(start + SECOND + 60 * DAY));
  } finally {
    await owner.end();
    await test.close();
  }
});

import { TestClock } from 'pg-boss';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { appOf, CLIENT, openApp, type App, type Tokens } from './app.ts';

const DAY = 24 * 60 * 60_000;

describe('refresh tokens that rotate', () => {
  let app: App;
  beforeEach(async () => {
    app = await openApp();
    app.simulator.settings.rotateRefreshTokens = true;
  });
  afterEach(() => app.simulator.close());

  const next = async (refreshToken: string, from: Pick<App, 'refresh'> = app) => {
    const tokens = (await (await from.refresh(refreshToken)).json()) as Tokens;
    return tokens.refresh_token ?? '';
  };
  const refusalOf = async (refreshToken: string) => app.refusal(await app.refresh(refreshToken));

  test('are new with each refresh, and end the one before when first used', async () => {
    const { refresh_token: first = '' } = await app.connect();
    const second = await next(first);
    expect(second).toMatch(/^[0-9A-F]{64,}$/);
    expect(second).not.toBe(first);
    const third = await next(second);
    expect(third).not.toBe(second);
    expect(await refusalOf(first)).toBe('400 invalid_grant');
    expect((await app.refresh(third)).status).toBe(200);
  });

  test('are the same again for who asks again because the answer was lost', async () => {
    const { refresh_token: first = '' } = await app.connect();
    const lost = await next(first);
    expect(await next(first)).toBe(lost);
    await next(lost);
    expect(await refusalOf(first)).toBe('400 invalid_grant');
  });

  test('outlive the switch, whichever way it is thrown', async () => {
    const { settings } = app.simulator;
    const { refresh_token: first = '' } = await app.connect();
    const second = await next(first);
    settings.rotateRefreshTokens = false;
    expect(await next(first)).toBe(first);
    expect(await next(second)).toBe(second);
    settings.rotateRefreshTokens = true;
    expect(await next(second)).not.toBe(second);
    expect(await refusalOf(first)).toBe('400 invalid_grant');
  });

  test('outlive the process', async () => {
    const { refresh_token: first = '' } = await app.connect();
    const second = await next(first);
    const options = { clock: app.clock, seed: 'simulator tests', client: CLIENT };
    const successor = await startSimulator(options);
    expect(await next(second, appOf(successor))).toBe(second);
    await successor.close();
  });

  test('share one idle time', async () => {
    const { refresh_token: first = '' } = await app.connect();
    const second = await next(first);
    await app.clock.setTime(app.clock.now() + 30 * DAY + 1);
    expect(await refusalOf(second)).toBe('400 invalid_grant');
    expect(await refusalOf(first)).toBe('400 invalid_grant');
  });
});

test('refresh tokens stay the same unless told to rotate', async () => {
  const app = await openApp(new TestClock(new Date('2026-03-01T09:00:00Z')));
  expect(app.simulator.settings.rotateRefreshTokens).toBe(false);
  await app.simulator.close();
});

import { inspect } from 'node:util';
import { expect } from 'vitest';
import { systemClock, type Clock } from '../../src/base/clock.ts';
import {
  createTrueLayer,
  type TrueLayer,
  type TrueLayerOptions,
} from '../../src/truelayer/client.ts';
import { BankError } from '../../src/truelayer/errors.ts';
import type { HttpServer } from './http-server.ts';

/** The instant at which every test of this folder takes place. */
export const NOW = new Date('2026-03-01T12:00:00Z');

/** A clock that stands still at `NOW`; its timers are real. */
export const stillClock: Clock = { ...systemClock, now: () => NOW.getTime() };

export const CLIENT_SECRET = 'client-secret-9f8e7d';
export const ACCESS_TOKEN = 'access.token-1a2b3c';
export const REFRESH_TOKEN = 'DD65D922D17924F5A96E2C9DFA65AC8CD396107F';
export const CODE = 'code-Zm9vYmFy';

/** A client whose auth server and Data API are both one test server. */
export function clientOf(server: HttpServer, options: Partial<TrueLayerOptions> = {}): TrueLayer {
  return createTrueLayer({
    authUrl: server.url,
    apiUrl: server.url,
    clock: stillClock,
    credentials: () => Promise.resolve({ clientId: 'client-1', clientSecret: CLIENT_SECRET }),
    allowHttp: true,
    ...options,
  });
}

/** The error that a call must end with; fails if it succeeds, or if the error tells a secret. */
export async function errorOf(call: Promise<unknown>): Promise<BankError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(BankError);
  const told = `${JSON.stringify(error)} ${inspect(error, { depth: 20, showHidden: true })}`;
  for (const secret of [CLIENT_SECRET, ACCESS_TOKEN, REFRESH_TOKEN, CODE]) {
    expect(told).not.toContain(secret);
  }
  return error as BankError;
}

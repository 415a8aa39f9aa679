import { TestClock } from 'pg-boss';
import { describe, expect, test } from 'vitest';
import { MINUTE } from '../../src/base/clock.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { walkDialog } from '../../src/simulator/walk.ts';
import { appOf, CLIENT, type Tokens } from './app.ts';

describe('a simulator', () => {
  test('gives the same requests the same answers, byte for byte', async () => {
    const [first, second] = await twice('a seed', 'a seed');
    expect(second).toEqual(first);
    expect(first.length).toBeGreaterThan(15);
  });

  test('of another seed is another world', async () => {
    const [first, second] = await twice('a seed', 'another seed');
    for (const [index, answer] of first.entries()) expect(second[index]).not.toBe(answer);
  });
});

/** How often another process may take the port between two simulators. */
const TRIES_MAX = 20;

/**
 * Asks the same of two simulators, one after the other at the same address: it stands in tokens and
 * in pictures' addresses.
 */
async function twice(
  firstSeed: string,
  secondSeed: string,
): Promise<readonly [readonly string[], readonly string[]]> {
  for (let tries = 1; ; tries += 1) {
    const { answers, port } = await record(firstSeed, 0);
    try {
      return [answers, (await record(secondSeed, port)).answers];
    } catch (error) {
      const isTaken = (error as { readonly code?: string }).code === 'EADDRINUSE';
      if (!isTaken || tries === TRIES_MAX) throw error;
    }
  }
}

async function record(seed: string, port: number) {
  const clock = new TestClock(new Date('2026-03-01T09:00:00Z'));
  const simulator = await startSimulator({ clock, seed, port, client: CLIENT });
  const app = appOf(simulator);
  const answers: string[] = [];
  const note = async (response: Response) => {
    const text = await response.text();
    answers.push(JSON.stringify([response.status, [...response.headers], text]));
    return text;
  };
  try {
    for (const provider of ['mock', 'ob-quirky', 'xs2a-boi']) {
      const walk = { user: 'john', password: 'doe', provider };
      const { url, fields } = await walkDialog(app.link(), walk);
      answers.push(url);
      const exchanged = await note(await app.exchange(fields['code'] ?? ''));
      const { access_token } = JSON.parse(exchanged) as Tokens;
      const accounts = await note(await app.call(access_token, 'accounts'));
      const { results } = JSON.parse(accounts) as { results: { account_id: string }[] };
      const path = `accounts/${results[0]?.account_id}`;
      await note(await app.call(access_token, 'me'));
      await note(await app.call(access_token, `${path}/balance`));
      await note(await app.call(access_token, `${path}/transactions`));
      await note(await app.call(access_token, `${path}/transactions?async=true`));
      await clock.setTime(clock.now() + MINUTE);
      await note(await app.call(access_token, `${path}/transactions/pending`));
      await note(await app.call('nonsense', 'me'));
    }
  } finally {
    await simulator.close();
    await forget(simulator.url);
  }
  return { answers, port: Number(new URL(simulator.url).port) };
}

/** Has `fetch` find out that nobody is there any more, so that it keeps no dead line for the next. */
async function forget(url: string): Promise<void> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const error: unknown = await fetch(url).catch((reason: unknown) => reason);
    const { cause } = error as { readonly cause?: { readonly code?: string } };
    if (cause?.code === 'ECONNREFUSED') return;
  }
}

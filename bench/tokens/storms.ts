import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { systemClock } from '../../src/base/clock.ts';
import { parseKeyRing } from '../../src/base/key-ring.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import type { Order, Outcome } from './caller.ts';
import type { Figures } from '../figures.ts';
import { seedConsents } from './seed-consents.ts';
import { makeKey } from '../database.ts';

const CALLER = fileURLToPath(new URL('caller.ts', import.meta.url));
const CLIENT = { id: 'storm', secret: 'storm-secret', redirectUris: ['http://localhost/callback'] };
const SEED = 'storms';
const PROCESSES = 3;
const LOOKS = 8;

/** How big a storm is. */
export interface StormSize {
  /** Over all processes. */
  readonly callers: number;
  /** How long the token endpoint takes, in seconds. */
  readonly seconds: number;
}

/**
 * Lets callers in three processes ask for one consent whose access token is over, at a slow token
 * endpoint: undisturbed, with the holder of the lease paused past its end, and with the holder
 * killed when the bank has answered; each with constant and with changing refresh tokens.
 */
export async function simulateStorms(
  url: string,
  size: StormSize,
  figures: Figures,
): Promise<void> {
  const key = makeKey('storm');
  const simulator = await startSimulator({ clock: systemClock, seed: SEED, client: CLIENT });
  const owner = new pg.Client(url);
  await owner.connect();
  const environment = {
    PATH: process.env['PATH'],
    PORT: '0',
    ROLE: 'api',
    DATABASE_URL: url,
    ENCRYPTION_KEYS: key,
    TRUELAYER_CLIENT_ID: CLIENT.id,
    TRUELAYER_CLIENT_SECRET: CLIENT.secret,
    TRUELAYER_AUTH_URL: simulator.authUrl,
    TRUELAYER_API_URL: simulator.apiUrl,
  };
  const children = new Set<ChildProcess>();
  const startCaller = async () => {
    const child = fork(CALLER, [], { env: environment });
    children.add(child);
    await once(child, 'message');
    return child;
  };
  try {
    const bearer = {
      seed: SEED,
      environment: new URL(simulator.authUrl).host,
      clientId: CLIENT.id,
      keys: parseKeyRing(key),
    };
    const [consent] = await seedConsents(url, bearer, 1, new Date());
    if (consent === undefined) throw new Error('no consent was made');
    const storm = new Storm(owner, simulator, consent, size, figures);
    for (const rotates of [false, true]) {
      simulator.settings.rotateRefreshTokens = rotates;
      const kind = rotates ? 'changing' : 'constant';
      const [first, ...others] = await Promise.all(Array.from({ length: PROCESSES }, startCaller));
      if (first === undefined) throw new Error('no process was started');
      await storm.undisturbed(kind, [first, ...others]);
      await storm.paused(kind, first, others);
      await storm.killed(kind, first, others);
      for (const child of others) child.kill('SIGKILL');
    }
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await owner.end();
    await simulator.close();
  }
}

class Storm {
  readonly #owner: pg.Client;
  readonly #simulator: Simulator;
  readonly #consent: Pick<Order, 'viewerId' | 'consentId'>;
  readonly #size: StormSize;
  readonly #figures: Figures;

  constructor(
    owner: pg.Client,
    simulator: Simulator,
    consent: Pick<Order, 'viewerId' | 'consentId'>,
    size: StormSize,
    figures: Figures,
  ) {
    this.#owner = owner;
    this.#simulator = simulator;
    this.#consent = consent;
    this.#size = size;
    this.#figures = figures;
  }

  async undisturbed(kind: string, children: readonly ChildProcess[]): Promise<void> {
    await this.#expire();
    this.#slow(1);
    const calling = this.#call(children);
    await this.#untilAsked();
    const held = await this.#transactionsHeld();
    const outcomes = await calling;
    const name = `${kind} tokens, ${this.#size.callers} callers, ${this.#size.seconds} s`;
    await this.#judge(name, outcomes, 1);
    this.#figures.exactly(`${name}: transactions open meanwhile`, held, 0);
  }

  async paused(kind: string, first: ChildProcess, others: readonly ChildProcess[]): Promise<void> {
    await this.#expire();
    this.#slow(1);
    const late = this.#call([first], 1);
    await this.#untilAsked();
    first.kill('SIGSTOP');
    await this.#endLease();
    const outcomes = await this.#call(others);
    const before = await this.#generation();
    first.kill('SIGCONT');
    outcomes.push(...(await late));
    const name = `${kind} tokens, holder paused past its lease`;
    await this.#judge(name, outcomes, 2);
    this.#figures.exactly(
      `${name}: what it wrote afterwards`,
      (await this.#generation()) - before,
      0,
    );
  }

  async killed(kind: string, first: ChildProcess, others: readonly ChildProcess[]): Promise<void> {
    await this.#expire();
    first.send({ ...this.#consent, callers: 1, hang: true } satisfies Order);
    await once(first, 'message');
    first.kill('SIGKILL');
    await once(first, 'exit');
    const waiting = this.#call(others);
    await this.#endLease();
    await this.#judge(`${kind} tokens, holder killed with the answer`, await waiting, 2);
  }

  /** The most that were open for longer than a look at a row takes, while the bank was asked. */
  async #transactionsHeld(): Promise<number> {
    let held = 0;
    for (let look = 1; look <= LOOKS; look += 1) {
      await setTimeout((this.#size.seconds * 1_000) / (LOOKS + 2));
      const { rows } = await this.#owner.query<{ count: number }>(
        `select count(*)::int as count from pg_stat_activity
         where application_name = 'consentry' and datname = current_database()
           and now() - xact_start > interval '200 milliseconds'`,
      );
      held = Math.max(held, rows[0]?.count ?? 0);
    }
    return held;
  }

  async #call(children: readonly ChildProcess[], callers?: number): Promise<Outcome[]> {
    const each = callers ?? Math.ceil(this.#size.callers / PROCESSES);
    return Promise.all(
      children.map(async (child) => {
        child.send({ ...this.#consent, callers: each } satisfies Order);
        const [outcome] = (await once(child, 'message')) as [Outcome];
        return outcome;
      }),
    );
  }

  async #judge(name: string, outcomes: readonly Outcome[], calls: number): Promise<void> {
    this.#figures.atMost(`${name}: token calls`, this.#tokenCalls(), calls);
    const failures = outcomes.flatMap((outcome) => outcome.failures);
    this.#figures.exactly(`${name}: callers that failed`, failures.length, 0);
    for (const failure of new Set(failures)) this.#figures.show('', failure);
    const { rows } = await this.#owner.query<{ status: string }>('select status from consent');
    this.#figures.exactly(
      `${name}: consents lost`,
      rows.filter(({ status }) => status !== 'ACTIVE').length,
      0,
    );
  }

  #tokenCalls(): number {
    return this.#simulator.journal.entries.filter(({ path }) => path === '/connect/token').length;
  }

  #slow(times: number): void {
    const delayMilliseconds = this.#size.seconds * 1_000;
    this.#simulator.faults.order({ path: /connect\/token$/, times, delayMilliseconds });
  }

  async #expire(): Promise<void> {
    await this.#owner.query(
      'update consent_credential set access_expires_at = now(), lease_owner = null, lease_ends_at = null',
    );
    this.#simulator.journal.clear();
    this.#simulator.faults.clear();
  }

  /** The lease runs out, without the minute that this takes. */
  async #endLease(): Promise<void> {
    await this.#owner.query('update consent_credential set lease_ends_at = now()');
  }

  async #generation(): Promise<number> {
    const { rows } = await this.#owner.query<{ generation: number }>(
      'select generation from consent_credential',
    );
    return rows[0]?.generation ?? 0;
  }

  /** Until the slow call has arrived: its fault is then spent. */
  async #untilAsked(): Promise<void> {
    for (let looks = 0; this.#simulator.faults.ordered.length > 0; looks += 1) {
      if (looks > 1_000) throw new Error('nobody asked for a token');
      await setTimeout(20);
    }
  }
}

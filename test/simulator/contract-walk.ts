import { expect } from 'vitest';
import { DAY, SECOND } from '../../src/base/clock.ts';
import type { WalkPlan } from '../../src/simulator/walk.ts';
import { openApp, SCOPES, type App, type Tokens } from './app.ts';
import { DEVIATIONS, type Deviation } from './deviations.ts';
import { fits, readOperations } from './openapi.ts';
import { bodyFaults, headerFaults, type CheckedAnswer } from './response-check.ts';

/** A JSON object of which the check has judged the shape. */
export type Body = Record<string, any>;

/** What a request carries. Every one tells that its user is present. */
export interface Asking {
  readonly token?: string;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as a form. */
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** What to check against where the documents have no entry: `GET /data/v1/accounts 202`. */
  readonly as?: string | ((body: Body) => string);
}

/** Drives a simulator over HTTP and holds each answer against the official documents. */
export interface Walk {
  readonly app: App;
  /**
   * Asks, and gives the body of the answer.
   *
   * @param path - from the host on, or a whole address
   * @throws AssertionError for another status, or for a fault that is no allowed deviation
   */
  ask(status: number, method: string, path: string, asking?: Asking): Promise<Body>;
  /** The rows of a `GET` below `/data/v1/`. */
  list(token: string, path: string): Promise<readonly Body[]>;
  /** Polls an asynchronous task, letting time pass, until it has come to its end. */
  finish(resultsUri: string, token: string, as: PollShapes): Promise<Body>;
  /** A new consent with every scope. */
  connect(provider?: string, plan?: Partial<WalkPlan>): Promise<Tokens & { refresh_token: string }>;
  /** The day it is, or was, as `YYYY-MM-DD`. */
  day(daysBack?: number): string;
  pass(milliseconds: number): Promise<void>;
  /** Faults of headers that are no deviation, with the answers that have them: most share them. */
  readonly headerFaults: ReadonlyMap<string, ReadonlySet<string>>;
  /** The answers that there were, documented and otherwise. */
  readonly seen: ReadonlySet<string>;
  unneeded(): readonly Deviation[];
}

/** What polls are checked against: while they wait, and in the end. */
export interface PollShapes {
  readonly waiting: string;
  readonly done: string;
}

/** All eight. */
export const ALL_SCOPES = `${SCOPES} direct_debits standing_orders`;

/** Paths without an entry of which a part varies. */
const UNDOCUMENTED = ['/data/v1/results/{task_id}', '/data/v1/batch/results/{task_id}'];

const POLLS_MAX = 30;

/** A simulator of its own, and nothing seen yet. */
export async function openWalk(): Promise<Walk> {
  const app = await openApp();
  const operations = readOperations();
  const needed = new Set<Deviation>();
  const gatheredHeaderFaults = new Map<string, Set<string>>();
  const seen = new Set<string>();

  const isAllowed = (names: readonly string[], fault: string) => {
    const line = DEVIATIONS.find(
      ([answers, faults]) => names.some((name) => like(answers, name)) && like(faults, fault),
    );
    if (line !== undefined) needed.add(line);
    return line !== undefined;
  };

  const operationOf = (method: string, pathname: string) =>
    // The path without a variable first: `/transactions/pending` is no account.
    operations.find((known) => known.method === method && known.template === pathname) ??
    operations.find((known) => known.method === method && fits(known.template, pathname));

  function check(method: string, pathname: string, answer: CheckedAnswer, as?: string): void {
    const operation = operationOf(method, pathname);
    const template = UNDOCUMENTED.find((known) => fits(known, pathname)) ?? pathname;
    const name = `${method} ${operation?.template ?? template} ${answer.status}`;
    // What stands in for an answer without an entry brings its deviations along.
    const names = as === undefined ? [name] : [name, as];
    for (const one of names) seen.add(one);
    const faults = new Set<string>();
    let [judge, judged] = [operation, answer];
    if (operation === undefined) {
      faults.add(as === undefined ? 'no entry' : `no entry, checked as ${as}`);
      const [asMethod = '', asPath = '', asStatus = ''] = as?.split(' ') ?? [];
      judge = operationOf(asMethod, asPath);
      judged = { ...answer, status: Number(asStatus) };
    }
    if (judge !== undefined) {
      for (const fault of bodyFaults(judge, judged)) faults.add(fault);
      for (const fault of headerFaults(judge, judged)) {
        if (isAllowed(names, `header ${fault}`)) continue;
        gatheredHeaderFaults.set(fault, (gatheredHeaderFaults.get(fault) ?? new Set()).add(name));
      }
    }
    const unexplained = [...faults].filter((fault) => !isAllowed(names, fault));
    expect({ name, unexplained }).toEqual({ name, unexplained: [] });
  }

  async function ask(status: number, method: string, path: string, asking: Asking = {}) {
    const url = new URL(path, app.simulator.url);
    const { token, json, form } = asking;
    const sent = form === undefined ? JSON.stringify(json) : new URLSearchParams(form);
    const response = await fetch(url, {
      method,
      headers: {
        'x-psu-ip': '192.0.2.1',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...asking.headers,
      },
      ...(sent === undefined ? {} : { body: sent }),
    });
    const answer = await readAnswer(response);
    const shown = { asked: `${method} ${url.pathname}`, status: answer.status, body: answer.body };
    expect(shown).toEqual({ ...shown, status });
    const body = answer.body as Body;
    const as = typeof asking.as === 'function' ? asking.as(body) : asking.as;
    check(method, url.pathname, answer, as);
    return body;
  }

  const pass = (milliseconds: number) => app.clock.setTime(app.clock.now() + milliseconds);

  return {
    app,
    ask,
    pass,
    async list(token, path) {
      const { results } = await ask(200, 'GET', `/data/v1/${path}`, { token });
      return results as readonly Body[];
    },
    async finish(resultsUri, token, { waiting, done }) {
      const as = (body: Body) => (isWaiting(body) ? waiting : done);
      for (let poll = 0; poll < POLLS_MAX; poll += 1) {
        const body = await ask(200, 'GET', resultsUri, { token, as });
        if (!isWaiting(body)) return body;
        await pass(3 * SECOND);
      }
      throw new Error(`a task has no end: ${resultsUri}`);
    },
    async connect(provider = 'mock', plan = {}) {
      const tokens = await app.connect(provider, { scope: ALL_SCOPES }, plan);
      return { ...tokens, refresh_token: tokens.refresh_token ?? '' };
    },
    day: (daysBack = 0) => new Date(app.clock.now() - daysBack * DAY).toISOString().slice(0, 10),
    headerFaults: gatheredHeaderFaults,
    seen,
    unneeded: () => DEVIATIONS.filter((line) => !needed.has(line)),
  };
}

/** A path of the template, with the first account or card that a token opens. */
export async function fillPath(walk: Walk, template: string, token: string): Promise<string> {
  if (!template.includes('{account_id}')) return template;
  const kind = template.startsWith('/data/v1/cards') ? 'cards' : 'accounts';
  const [first] = await walk.list(token, kind);
  return template.replace('{account_id}', String(first?.['account_id']));
}

async function readAnswer(response: Response): Promise<CheckedAnswer> {
  const headers = Object.fromEntries(response.headers);
  const text = await response.text();
  if (text === '') return { status: response.status, headers, body: undefined };
  const isJson = /[/+]json\b/.test(headers['content-type'] ?? '');
  return { status: response.status, headers, body: isJson ? JSON.parse(text) : text };
}

function isWaiting(body: Body): boolean {
  return body['status'] === 'Queued' || body['status'] === 'Running';
}

/** True if a text is like a pattern, in which a star stands for anything. */
function like(pattern: string, text: string): boolean {
  const parts = pattern.split('*').map(literally);
  return new RegExp(`^${parts.join('.*')}$`).test(text);
}

/** The source of an expression that matches nothing but a text. */
export function literally(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}

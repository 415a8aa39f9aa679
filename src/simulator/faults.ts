import { emptyAnswer, jsonAnswer, withHeaders, type Answer } from './answer.ts';
import { chanceOf, type Chance } from './chance.ts';
import { authErrorOfStatus } from './auth/auth-errors.ts';
import { DATA_PATH, dataErrorOfStatus } from './data/data-errors.ts';

/** Something to go wrong: which requests it meets, and what happens to them. */
export interface Fault extends FaultEffect {
  /** Tried on the path without its query. */
  readonly path: RegExp;
  readonly method?: string;
  /** Only for requests about a connection to this bank. */
  readonly providerId?: string;
  /** Only for requests about a connection of this user: `john`, `john7`, `user12`. */
  readonly user?: string;
  /** How many requests it meets; 1 unless given. */
  readonly times?: number;
  /** How likely it meets one that matches, 0 to 1; 1 unless given. */
  readonly probability?: number;
  /** The seed of that chance; the same seed meets the same requests. */
  readonly seed?: string;
}

/** What a fault does. With a delay alone the request is answered normally, only later. */
export interface FaultEffect {
  /** The status to answer with; 500 if `body` or `text` is given without one. */
  readonly status?: number;
  /** The JSON to answer with; unless given, the official error of the status. */
  readonly body?: unknown;
  /** The text to answer with, whatever it is; as HTML unless `headers` say otherwise. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Real time, at most a minute. */
  readonly delayMilliseconds?: number;
  /** Cuts the line: before any effect for `true`, in the middle of the true answer otherwise. */
  readonly reset?: boolean | 'mid-answer';
  /** Sends half of the true answer and then nothing more. */
  readonly stall?: boolean;
  /** Answers with JSON that breaks off. */
  readonly malformed?: boolean;
  /** Goes on with so many bytes of blanks after the true answer, which stays good JSON. */
  readonly hugeBytes?: number;
  /** The true answer with wrong types: amounts as text, ids null, currencies missing. */
  readonly mistyped?: boolean;
  /** `access_denied` and `sca_exceeded` change places. */
  readonly swapped403?: boolean;
  /** What becomes of the task of an asynchronous call. */
  readonly task?: 'failed' | 'stuck' | 'expired';
  /** How the notice of that task comes: early is before the 202. */
  readonly webhook?: 'never' | 'twice' | 'late' | 'early';
  /** How much later a late notice comes; 30,000 unless given. */
  readonly lateMilliseconds?: number;
}

/** Orders faults; the first one that matches meets the request. */
export interface Faults {
  order(fault: Fault): void;
  /** Those still to come, with how many requests each will meet. */
  readonly ordered: readonly { readonly fault: Fault; readonly left: number }[];
  clear(): void;
}

/** What is known of a request without looking closely. */
export interface FaultTarget {
  readonly method: string;
  readonly path: string;
  readonly isAsync: boolean;
  /** Called only when a fault asks for it. */
  subject(): Promise<{ readonly providerId: string; readonly user: string } | undefined>;
}

/** Faults as the server uses them. */
export interface ActiveFaults extends Faults {
  /** Takes one off the count of the first fault that matches. */
  take(target: FaultTarget): Promise<Fault | undefined>;
}

interface Order {
  readonly fault: Fault;
  readonly chance: Chance;
  left: number;
}

const ORDERS_MAX = 10_000;

/** No faults yet. */
export function makeFaults(): ActiveFaults {
  let orders: Order[] = [];
  return {
    get ordered() {
      return orders.map(({ fault, left }) => ({ fault, left }));
    },
    order(fault) {
      if (orders.length >= ORDERS_MAX) throw new RangeError('too many faults are ordered');
      // A global or sticky expression would remember where it stopped the last time.
      const path = new RegExp(fault.path.source, fault.path.flags.replace(/[gy]/g, ''));
      const chance = chanceOf('fault', fault.seed ?? '');
      orders.push({ fault: { ...fault, path }, chance, left: fault.times ?? 1 });
    },
    clear() {
      orders = [];
    },
    async take(target) {
      for (const order of orders) {
        if (!(await matches(order.fault, target))) continue;
        // Another request may have used it up while the bank was being found out.
        if (order.left <= 0) continue;
        if (!order.chance.happens(order.fault.probability ?? 1)) continue;
        order.left -= 1;
        orders = orders.filter(({ left }) => left > 0);
        return order.fault;
      }
      return undefined;
    },
  };
}

async function matches(fault: Fault, target: FaultTarget): Promise<boolean> {
  if (!fault.path.test(target.path)) return false;
  if (fault.method !== undefined && fault.method !== target.method) return false;
  const isOfTasks = fault.task !== undefined || fault.webhook !== undefined;
  if (isOfTasks && !target.isAsync) return false;
  if (fault.providerId === undefined && fault.user === undefined) return true;
  const subject = await target.subject();
  const user = subject?.user.split('/')[0];
  return (
    (fault.providerId ?? subject?.providerId) === subject?.providerId &&
    (fault.user ?? user) === user
  );
}

/** What a fault answers in place of the true answer; undefined if it leaves that to come. */
export function faultAnswer(fault: Fault, path: string): Answer | undefined {
  const answer = bareAnswer(fault, path);
  return answer === undefined ? undefined : withHeaders(answer, fault.headers ?? {});
}

/** What a fault makes of the true answer. */
export function spoil(answer: Answer, fault: Fault): Answer {
  let spoilt = answer;
  const isJson = /[/+]json\b/.test(answer.headers['Content-Type'] ?? '');
  if (fault.mistyped === true && isJson) spoilt = { ...spoilt, body: mistype(spoilt.body) };
  if (fault.swapped403 === true && isJson && spoilt.status === 403) {
    spoilt = { ...spoilt, body: swapCodes(spoilt.body) };
  }
  if (fault.hugeBytes !== undefined) spoilt = { ...spoilt, blanksAfter: fault.hugeBytes };
  if (fault.stall === true) spoilt = { ...spoilt, ending: 'stalls' };
  if (fault.reset === 'mid-answer') spoilt = { ...spoilt, ending: 'breaks' };
  return withHeaders(spoilt, fault.headers ?? {});
}

/** Statuses that never come with a body. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

function bareAnswer(fault: Fault, path: string): Answer | undefined {
  const { body, malformed, text } = fault;
  const status = fault.status ?? (malformed === true ? 200 : 500);
  if (malformed === true) {
    return { ...jsonAnswer(status, {}), body: '{"results":[{"account_id":"56c7' };
  }
  if (text !== undefined) {
    const type = { 'Content-Type': 'text/html; charset=utf-8' };
    return withHeaders({ ...jsonAnswer(status, {}), body: text }, type);
  }
  if (body !== undefined) return jsonAnswer(status, body);
  if (fault.status === undefined) return undefined;
  if (BODILESS.has(status)) return emptyAnswer(status);
  const official = path.startsWith(DATA_PATH)
    ? dataErrorOfStatus(status)
    : authErrorOfStatus(status);
  return official ?? jsonAnswer(status, { error: 'simulated_fault' });
}

function mistype(body: string): string {
  return JSON.stringify(
    JSON.parse(body, (name, value: unknown) => {
      if (name === 'amount' || name === 'current') return `about ${String(value)}`;
      if (name.endsWith('_id')) return null;
      return name === 'currency' ? undefined : value;
    }),
  );
}

function swapCodes(body: string): string {
  const swapped = new Map([
    ['access_denied', 'sca_exceeded'],
    ['sca_exceeded', 'access_denied'],
  ]);
  return JSON.stringify(
    JSON.parse(body, (name, value: unknown) =>
      name === 'error' ? (swapped.get(String(value)) ?? value) : value,
    ),
  );
}

import { dataErrorOfStatus } from './data-errors.ts';
import { jsonAnswer, withHeaders, type Answer } from './answer.ts';

/** Something to go wrong. With a delay alone the request is answered normally, only later. */
export interface Fault {
  /** Tried on the path without its query. */
  readonly path: RegExp;
  /** Only for requests about a connection to this bank. */
  readonly providerId?: string;
  /** How many requests it meets; 1 unless given. */
  readonly times?: number;
  /** The status to answer with; 500 if `body` is given without one. */
  readonly status?: number;
  /** The JSON to answer with; unless given, the official error of the status. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Real time, at most a minute. */
  readonly delayMilliseconds?: number;
  /** Cuts the line without an answer; the request has no effect. */
  readonly reset?: boolean;
  /** Answers with JSON that breaks off. */
  readonly malformed?: boolean;
}

/** Orders faults; the first one that matches meets the request. */
export interface Faults {
  order(fault: Fault): void;
  clear(): void;
}

/** Faults as the server uses them. */
export interface ActiveFaults extends Faults {
  /**
   * Takes one off the count of the first fault that matches.
   *
   * @param providerId - called only when a fault asks for it
   */
  take(path: string, providerId: () => Promise<string | undefined>): Promise<Fault | undefined>;
}

/** No faults yet. */
export function makeFaults(): ActiveFaults {
  let ordered: { readonly fault: Fault; left: number }[] = [];
  return {
    order(fault) {
      // A global or sticky expression would remember where it stopped the last time.
      const path = new RegExp(fault.path.source, fault.path.flags.replace(/[gy]/g, ''));
      ordered.push({ fault: { ...fault, path }, left: fault.times ?? 1 });
    },
    clear() {
      ordered = [];
    },
    async take(path, providerId) {
      for (const entry of ordered) {
        if (entry.left <= 0 || !entry.fault.path.test(path)) continue;
        const wanted = entry.fault.providerId;
        if (wanted !== undefined && (await providerId()) !== wanted) continue;
        // Another request may have used it up while the bank was being found out.
        if (entry.left <= 0) continue;
        entry.left -= 1;
        ordered = ordered.filter(({ left }) => left > 0);
        return entry.fault;
      }
      return undefined;
    },
  };
}

/** What a fault answers; undefined if it only delays. Resets are the server's matter. */
export function faultAnswer(fault: Fault): Answer | undefined {
  const answer = bareAnswer(fault);
  return answer === undefined ? undefined : withHeaders(answer, fault.headers ?? {});
}

function bareAnswer(fault: Fault): Answer | undefined {
  if (fault.malformed === true) {
    return { ...jsonAnswer(fault.status ?? 200, {}), body: '{"results":[{"account_id":"56c7' };
  }
  if (fault.status === undefined && fault.body === undefined) return undefined;
  const status = fault.status ?? 500;
  if (fault.body !== undefined) return jsonAnswer(status, fault.body);
  return dataErrorOfStatus(status) ?? jsonAnswer(status, { error: 'simulated_fault' });
}

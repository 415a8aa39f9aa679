import { z } from 'zod';
import { nowOf } from '../../base/clock.ts';
import { jsonAnswer, type Answer } from '../answer.ts';
import type { Control } from './control.ts';
import { bodies } from './control-bodies.ts';
import type { Whose } from './hand.ts';
import { isPresetName, PRESETS } from './presets.ts';
import type { SimulatorRequest } from '../world.ts';

/** Everything below this path moves the simulated world; nothing of it exists in the real one. */
export const CONTROL_PATH = '/control';

interface Ask {
  readonly control: Control;
  /** What stands in the path where the route has `*`. */
  readonly name: string;
  readonly query: URLSearchParams;
  /** The JSON of the request, read by the shape that is given. */
  body<T>(shape: z.ZodType<T>): T;
}

interface Route {
  readonly call: string;
  readonly says: string;
  readonly answer: (ask: Ask) => unknown;
}

// One line a call: what it is called by, what it does.
// prettier-ignore
const ROUTES: readonly Route[] = [
  { call: 'GET /control', says: 'this list', answer: () => ROUTES.map(({ call, says }) => ({ call, says })) },
  { call: 'GET /control/clock', says: 'what time it is', answer: showClock },
  { call: 'POST /control/clock', says: 'moves time: to, bySeconds, runs', answer: moveClock },
  { call: 'GET /control/faults', says: 'the faults still to come', answer: showFaults },
  { call: 'POST /control/faults', says: 'orders a fault: path, bank, user, times, probability, and what happens', answer: orderFault },
  { call: 'DELETE /control/faults', says: 'takes all of them back', answer: ({ control }) => control.faults.clear() },
  { call: 'GET /control/banks', says: 'every bank with its character', answer: ({ control }) => control.banks },
  { call: 'PATCH /control/banks/*', says: 'changes the character of a bank', answer: adjustBank },
  { call: 'POST /control/preset', says: `makes a prepared world: ${Object.keys(PRESETS).join(', ')}`, answer: applyPreset },
  { call: 'PATCH /control/settings', says: 'switches rotateRefreshTokens, latency, queuedMilliseconds, clientSecret, canary', answer: changeSettings },
  { call: 'GET /control/consents', says: 'the consents that were met', answer: ({ control }) => control.consents() },
  { call: 'GET /control/identifiers', says: 'the IBANs and account numbers at their banks', answer: ({ control }) => control.identifiers() },
  { call: 'DELETE /control/consents/*', says: 'the user takes a consent back, by credentials id', answer: revoke },
  { call: 'PATCH /control/accounts/*', says: 'shows an account otherwise, by key: user, bank, id, displayName, currency, lastDigits, withoutIban, closed', answer: changeAccount },
  { call: 'POST /control/transactions', says: 'adds a transaction: user, bank, account, amount, description, at, pending', answer: addRow },
  { call: 'PATCH /control/transactions/*', says: 'changes one: user, bank, and what changes', answer: amendRow },
  { call: 'POST /control/transactions/*/settle', says: 'books a pending one now: user, bank, amount', answer: settleRow },
  { call: 'DELETE /control/transactions/*', says: 'takes one away: ?user=&bank=', answer: removeRow },
  { call: 'GET /control/journal', says: 'the requests of late', answer: ({ control }) => control.journal.entries },
  { call: 'DELETE /control/journal', says: 'forgets them', answer: ({ control }) => control.journal.clear() },
  { call: 'DELETE /control/answers', says: 'lets identical requests reach the bank again', answer: ({ control }) => control.forgetAnswers() },
  { call: 'GET /control/truth', says: 'what a perfect client would hold: ?consent= or ?user=&bank=', answer: showTruth },
];

/** Answers a control call. Bad input is 400 with its faults, and changes nothing. */
export function answerControl(control: Control, request: SimulatorRequest): Answer {
  // A page in a browser must not move this world; programs send no Origin.
  if (request.headers['origin'] !== undefined) {
    return jsonAnswer(403, { error: 'forbidden', detail: 'Not for pages of browsers.' });
  }
  const path = request.path.replace(/\/+$/, '');
  try {
    for (const route of ROUTES) {
      const name = nameIn(route.call, `${request.method} ${path}`);
      if (name === undefined) continue;
      const ask = { control, name, query: request.query, body: bodyOf(request) };
      return jsonAnswer(200, route.answer(ask) ?? { ok: true });
    }
  } catch (error) {
    return refusal(error);
  }
  return jsonAnswer(404, { error: 'not_found', detail: 'GET /control lists what there is.' });
}

function nameIn(call: string, asked: string): string | undefined {
  const pattern = call.split('*').map((part) => part.replace(/[/.]/g, '\\$&'));
  const match = new RegExp(`^${pattern.join('([^/]+)')}$`).exec(asked);
  return match === null ? undefined : decodeURIComponent(match[1] ?? '');
}

function bodyOf(request: SimulatorRequest) {
  return <T>(shape: z.ZodType<T>): T =>
    shape.parse(JSON.parse(request.body === '' ? '{}' : request.body));
}

function refusal(error: unknown): Answer {
  if (error instanceof z.ZodError) {
    const faults = error.issues.map(
      ({ message, path }) => `${path.join('.') || 'body'}: ${message}`,
    );
    return jsonAnswer(400, { error: 'invalid', faults });
  }
  if (error instanceof RangeError || error instanceof SyntaxError || error instanceof URIError) {
    return jsonAnswer(400, { error: 'invalid', faults: [error.message] });
  }
  throw error;
}

function showClock({ control }: Ask): unknown {
  return { now: nowOf(control.clock), runs: control.clock.runs };
}

function moveClock(ask: Ask): unknown {
  const { clock } = ask.control;
  const { bySeconds, runs, to } = ask.body(bodies.clock);
  // Moved first, since that can be refused and stopping cannot; once more, to stop at the very time.
  const at = new Date((to?.getTime() ?? clock.now()) + (bySeconds ?? 0) * 1000);
  const isMoved = to !== undefined || bySeconds !== undefined;
  if (isMoved) clock.moveTo(at);
  if (runs !== undefined) clock.setRunning(runs);
  if (isMoved && runs === false) clock.moveTo(at);
  return showClock(ask);
}

function showFaults({ control }: Ask): unknown {
  return control.faults.ordered.map(({ fault, left }) => ({
    ...fault,
    path: fault.path.source,
    left,
  }));
}

function orderFault(ask: Ask): unknown {
  const { bank, ...rest } = ask.body(bodies.fault);
  ask.control.faults.order({ ...rest, ...(bank === undefined ? {} : { providerId: bank }) });
  return undefined;
}

function adjustBank(ask: Ask): unknown {
  if (!ask.control.adjust(ask.name, ask.body(bodies.traits))) {
    throw new RangeError(`no such simulated bank: ${ask.name}`);
  }
  return ask.control.banks.find(({ id }) => id === ask.name);
}

function applyPreset(ask: Ask): unknown {
  const { name } = ask.body(bodies.preset);
  if (!isPresetName(name)) throw new RangeError(`there are ${Object.keys(PRESETS).join(', ')}`);
  ask.control.apply(name);
  return { name, ...PRESETS[name] };
}

function changeSettings(ask: Ask): unknown {
  return Object.assign(ask.control.settings, ask.body(bodies.settings));
}

function revoke({ control, name }: Ask): unknown {
  const consent = control.consents().find(({ credentialsId }) => credentialsId === name);
  if (consent === undefined) throw new RangeError('no such connection: GET /control/consents');
  control.revoke(name);
  return undefined;
}

function changeAccount(ask: Ask): unknown {
  const { bank, user, ...change } = ask.body(bodies.accountChange);
  ask.control.changeAccount({ user, providerId: bank }, ask.name, change);
  return undefined;
}

function addRow(ask: Ask): unknown {
  const { account, bank, user, ...row } = ask.body(bodies.newRow);
  const transactionId = ask.control.hand.add({ user, providerId: bank }, row, account);
  return { transactionId };
}

function amendRow(ask: Ask): unknown {
  const { bank, user, ...changes } = ask.body(bodies.rowChanges);
  ask.control.hand.amend({ user, providerId: bank }, ask.name, changes);
  return undefined;
}

function settleRow(ask: Ask): unknown {
  const { amount, bank, user } = ask.body(bodies.settlement);
  return {
    transactionId: ask.control.hand.settle({ user, providerId: bank }, ask.name, amount),
  };
}

function removeRow(ask: Ask): unknown {
  ask.control.hand.remove(whoseIn(ask.query), ask.name);
  return undefined;
}

function showTruth({ control, query }: Ask): unknown {
  const consent = query.get('consent');
  if (consent !== null) return control.truthOfConsent(consent);
  const { providerId, user } = whoseIn(query);
  return control.truth(user, providerId);
}

function whoseIn(query: URLSearchParams): Whose {
  const user = query.get('user');
  const providerId = query.get('bank');
  if (user === null || providerId === null) throw new RangeError('user and bank are needed');
  return { user, providerId };
}

import { parseArgs } from 'node:util';
import { COMMAND_LINE } from '../acts/acts.ts';
import { nowOf, systemClock } from '../base/clock.ts';
import { countStrays, listClients, removeClient, setClient } from '../clients/clients.ts';
import { livingConsents } from '../clients/stored.ts';
import { checkKeys } from '../keys/check.ts';
import { type Command, type Surroundings, UsageError } from './command.ts';
import { type Store, withStore } from './store.ts';

const USAGE = `  client list          the clients of TrueLayer that are stored, and whose consents are theirs
  client set <environment> <client-id>
                       stores a client or its new secret, which it asks for or takes from a pipe;
                       another client id only with --replace, as consents stay with their client
  client remove <environment>
                       forgets a client; while living consents belong to it only with --force`;

/** What can be done about the clients that the server is at TrueLayer. */
export const client: Command = {
  usage: USAGE,
  async run(words, surroundings) {
    const { act, names, force, replace } = readWords(words);
    const [environment, clientId] = names;
    if (act === 'list' && names.length === 0 && !force && !replace) {
      return withStore(surroundings, list);
    }
    if (act === 'set' && environment !== undefined && clientId !== undefined && !force) {
      expectNames(environment, clientId);
      return withStore(surroundings, (store) =>
        set(store, surroundings, { environment, clientId, replace }),
      );
    }
    if (act === 'remove' && environment !== undefined && clientId === undefined && !replace) {
      return withStore(surroundings, (store) => remove(store, surroundings, environment, force));
    }
    throw misread();
  },
};

function misread(): UsageError {
  return new UsageError(`client takes one of these:\n\n${USAGE}`);
}

function readWords(words: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        replace: { type: 'boolean', default: false },
        force: { type: 'boolean', default: false },
      },
    });
    const [act = '', ...names] = positionals;
    // A secret among the words would be one too many.
    if (names.length > 2) throw misread();
    return { act, names, ...values };
  } catch {
    throw misread();
  }
}

// A name that no server would ever look for is a slip of the pen.
function expectNames(environment: string, clientId: string): void {
  if (!/^(sandbox|live|localhost|(?=.*[.:])[\w.:[\]-]{1,255})$/.test(environment)) {
    throw new UsageError(
      `${JSON.stringify(environment)} is no environment: it is sandbox, live, or the host of ` +
        'TRUELAYER_AUTH_URL, port included.',
    );
  }
  if (!/^[\x21-\x7e]{1,200}$/.test(clientId)) {
    throw new UsageError(`${JSON.stringify(clientId)} is no client id.`);
  }
}

async function list(store: Store, { say }: Surroundings): Promise<number> {
  const clients = await listClients(store);
  if (clients.length === 0) say('No client is stored.');
  for (const { environment, clientId, setAt, consents } of clients) {
    say(
      `${environment}  ${clientId}  secret of ${setAt.toISOString()}  ${livingConsents(consents)}`,
    );
  }
  const strays = await countStrays(store, clients);
  if (strays > 0) say(`${livingConsents(strays)} of clients that are not stored`);
  return 0;
}

async function set(
  store: Store,
  { config, log, say, secret: ask }: Surroundings,
  wish: { readonly environment: string; readonly clientId: string; readonly replace: boolean },
): Promise<number> {
  const { environment, clientId } = wish;
  const secret = await ask(`The secret of ${clientId}: `);
  // A first key with the wrong bytes must seal nothing.
  await checkKeys({ ...store, log });
  const before = await setClient(store, {
    ...wish,
    secret,
    operator: COMMAND_LINE,
    now: nowOf(systemClock),
  });
  if (before === null) {
    say(`The client ${clientId} is stored for ${environment}: a server can start with it.`);
    return 0;
  }
  if (before.clientId === clientId) {
    say(`The secret of ${clientId} for ${environment} is replaced.`);
    say('Every running server uses it from its next call for a token on: none need be restarted.');
    return 0;
  }
  say(`The client of ${environment} is ${clientId} now, and was ${before.clientId}.`);
  say('Running servers go on as the old one, which gets no more tokens: restart them.');
  if (before.consents > 0) {
    say(
      `${livingConsents(before.consents)} belong to ${before.clientId} and cannot be read as ` +
        `${clientId}: their users connect their banks again.`,
    );
  }
  const { truelayer } = config();
  const named = truelayer?.environment === environment ? truelayer.clientId : null;
  if (named !== null && named !== clientId) {
    say(`TRUELAYER_CLIENT_ID still says ${named}: a start is refused until it says ${clientId}.`);
  }
  return 0;
}

async function remove(
  store: Store,
  { config, say }: Surroundings,
  environment: string,
  force: boolean,
): Promise<number> {
  const { clientId, consents } = await removeClient(store, environment, {
    force,
    operator: COMMAND_LINE,
    now: nowOf(systemClock),
  });
  say(`The client ${clientId} of ${environment} and its secret are forgotten.`);
  say('Running servers get no more tokens for it; no consent ends by that.');
  if (consents > 0) {
    say(`${livingConsents(consents)} can be read again once ${clientId} is set again.`);
  }
  const { truelayer } = config();
  const seeds = truelayer?.environment === environment && truelayer.clientSecret !== null;
  say(
    seeds
      ? 'The next start stores it anew from TRUELAYER_CLIENT_SECRET, unless that is unset.'
      : `A start for ${environment} is refused until a client is set.`,
  );
  return 0;
}

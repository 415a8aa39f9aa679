import { type ActKind, COMMAND_LINE, recordAct } from '../acts/acts.ts';
import { nowOf, systemClock } from '../base/clock.ts';
import { StartError } from '../base/errors.ts';
import { checkKeys, giveUpKey } from '../keys/check.ts';
import { countByKey, type Rotation, rotateKeys } from '../keys/rotate.ts';
import { NOBODY } from '../postgres/db.ts';
import { type Command, type Surroundings, UsageError } from './command.ts';
import { type Store, withStore } from './store.ts';

const USAGE = `  keys list            the keys, which one seals, and how many secrets are under each
  keys rotate          seals every secret anew that is not under the first key; may be stopped
                       and started again at any time, while the server runs
  keys give-up <id>    lets the server start without a key that is lost: what is sealed with it
                       stays closed for good, and its users connect their banks again`;

/** What can be done about encryption keys. */
export const keys: Command = {
  usage: USAGE,
  async run([act = '', ...words], surroundings) {
    if (act === 'list' && words.length === 0) return withStore(surroundings, list);
    if (act === 'rotate' && words.length === 0) return withStore(surroundings, rotate);
    const [id] = words;
    if (act === 'give-up' && id !== undefined && words.length === 1) {
      return withStore(surroundings, (store) => giveUp(store, id, surroundings));
    }
    throw new UsageError(`keys takes one of these:\n\n${USAGE}`);
  },
};

async function list(store: Store, { say }: Surroundings): Promise<number> {
  const counts = await countByKey(store.database);
  const ids = store.keys.map(({ id }) => id);
  const lacking = [...counts.keys()].filter((id) => id !== null && !ids.includes(id));
  for (const [index, id] of ids.entries()) {
    say(`${id}  ${secrets(counts.get(id) ?? 0)}  ${index === 0 ? 'seals and opens' : 'opens'}`);
  }
  for (const id of lacking) say(`${id}  ${secrets(counts.get(id) ?? 0)}  is not configured`);
  const damaged = counts.get(null) ?? 0;
  if (damaged > 0) say(`${secrets(damaged)} damaged beyond the name of a key`);
  return lacking.length === 0 && damaged === 0 ? 0 : 1;
}

async function rotate(store: Store, { log, progress, say }: Surroundings): Promise<number> {
  // A first key with the wrong bytes must seal nothing.
  await checkKeys({ ...store, log });
  // First of all, since what is done by then stays done when it is stopped.
  await note(store, 'KEYS_ROTATED', store.keys[0].id);
  const stop = new AbortController();
  const end = () => stop.abort(new StartError('Stopped: start it again, and it goes on.'));
  process.once('SIGINT', end).once('SIGTERM', end);
  const started = performance.now();
  try {
    const rotation = await rotateKeys(store, {
      signal: stop.signal,
      onProgress: ({ pass, done, total }) =>
        progress.show(done, total, `${pass === 1 ? '' : 'once more: '}${done} of ${total} rows`),
    });
    progress.end();
    tell(rotation, store, Math.round((performance.now() - started) / 1000), say);
    return rotation.unopened.length === 0 ? 0 : 1;
  } finally {
    progress.end();
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}

function tell(
  { resealed, already, changed, unopened, unused, stillUsed }: Rotation,
  { keys: [first] }: Store,
  seconds: number,
  say: (line: string) => void,
): void {
  say(`${secrets(resealed)} sealed anew with ${first.id}, in ${seconds} s`);
  say(`${secrets(already)} there already`);
  if (changed > 0) say(`${secrets(changed)} changed meanwhile, and looked at again`);
  for (const place of unopened) say(`could not be opened and was left as it is: ${place}`);
  for (const id of unused) say(`The key ${id} can be removed now: nothing is sealed with it.`);
  for (const id of stillUsed) {
    say(
      unopened.length > 0
        ? `The key ${id} cannot be removed: it is needed for what could not be opened.`
        : `The key ${id} cannot be removed yet: a server still seals with it. Restart that, then rotate again.`,
    );
  }
}

async function giveUp(store: Store, id: string, { log, say }: Surroundings): Promise<number> {
  if (store.keys.some((key) => key.id === id)) {
    throw new StartError(`The key ${id} is configured: only a lost one is given up.`);
  }
  const lost = (await countByKey(store.database)).get(id) ?? 0;
  await note(store, 'KEY_GIVEN_UP', id);
  const asked = await giveUpKey({ ...store, log }, id);
  if (!asked && lost === 0) throw new StartError(`No start asks for a key ${id}.`);
  say(`The server starts without ${id}; ${secrets(lost)} under it will never open.`);
  return 0;
}

async function note({ database }: Store, act: ActKind, subject: string): Promise<void> {
  const at = nowOf(systemClock);
  await database.transact(NOBODY, (tx) =>
    recordAct(tx, { operator: COMMAND_LINE, act, subject, at }),
  );
}

function secrets(count: number): string {
  return `${count} ${count === 1 ? 'secret' : 'secrets'}`;
}

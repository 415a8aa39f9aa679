import { COMMAND_LINE } from '../acts/acts.ts';
import { acceptAlarm, ALARMS, type AlarmKind, findOpenAlarms } from '../alarms/alarms.ts';
import { systemClock } from '../base/clock.ts';
import { type Command, type Surroundings, UsageError } from './command.ts';
import { type Store, withStore } from './store.ts';

const USAGE = `  alarms list          what only the operator can mend, and is not mended yet
  alarms accept <kind> <environment> [<subject>]
                       calls an alarm true: refused grants are then believed`;

/** What can be done about alarms. */
export const alarms: Command = {
  usage: USAGE,
  async run([act = '', ...words], surroundings) {
    if (act === 'list' && words.length === 0) return withStore(surroundings, list);
    const [kind = '', environment, subject = ''] = words;
    if (act === 'accept' && Object.hasOwn(ALARMS, kind) && environment !== undefined) {
      const cause = { kind: kind as AlarmKind, environment, subject };
      return withStore(surroundings, async (store, { say }) => {
        const found = await acceptAlarm({ ...store, clock: systemClock }, cause, COMMAND_LINE);
        say(found ? `${kind} of ${environment} is accepted.` : 'There is no such alarm.');
        return found ? 0 : 1;
      });
    }
    throw new UsageError(`alarms takes one of these:\n\n${USAGE}`);
  },
};

async function list(store: Store, { say }: Surroundings): Promise<number> {
  const open = await findOpenAlarms(store);
  for (const { kind, environment, subject, times, raisedAt } of open) {
    const about = subject === '' ? environment : `${environment} ${subject}`;
    say(`${kind}  ${about}  ${times} times since ${raisedAt.toISOString()}`);
    say(`  ${ALARMS[kind as AlarmKind] ?? ''}`);
  }
  if (open.length === 0) say('No alarm is up.');
  return open.length === 0 ? 0 : 1;
}

import { COMMAND_LINE } from '../acts/acts.ts';
import { ownIdOf } from '../base/global-id.ts';
import { resync, ResyncRefusedError, type ResyncTarget } from '../history/resync.ts';
import { type Command, UsageError } from './command.ts';
import { withQueue } from './queue.ts';

const USAGE = `  resync consent <id>  has all of a consent read again that can be had now: its accounts, their
                       balances, transactions as far back as the bank serves them
  resync account <id>  the same for one account; ids are those of the API or of the log`;

/** Reading banks again. */
export const resyncCommand: Command = {
  usage: USAGE,
  async run(words, surroundings) {
    const target = targetOf(words);
    if (target === null) throw new UsageError(`resync takes one of these:\n\n${USAGE}`);
    return withQueue(surroundings, async (instruments, { say }) => {
      try {
        const consentId = await resync(instruments, COMMAND_LINE, target);
        say(`Workers read it again now, by consent ${consentId}.`);
        return 0;
      } catch (error) {
        if (!(error instanceof ResyncRefusedError)) throw error;
        say(`${error.code}: ${error.message}`);
        return 1;
      }
    });
  },
};

function targetOf([kind, text = '', ...rest]: readonly string[]): ResyncTarget | null {
  if (rest.length > 0 || (kind !== 'consent' && kind !== 'account')) return null;
  const id = ownIdOf(text, kind === 'consent' ? ['Consent'] : ['BankAccount', 'Card']);
  return id === null ? null : { kind: kind === 'consent' ? 'CONSENT' : 'ACCOUNT', id };
}

import type { Config } from '../base/config.ts';
import type { Log } from '../base/log.ts';
import { StartError } from '../base/errors.ts';
import type { Progress } from './progress.ts';

/** Something that an operator may tell the house to do. */
export interface Command {
  /** One line a use, `keys list` and what it does. */
  readonly usage: string;
  /**
   * Does it.
   *
   * @param words - what follows the command's name
   * @returns the status to end with: 0, or 1 where something is left for the operator to mend
   * @throws UsageError if the words make no sense
   */
  run(words: readonly string[], surroundings: Surroundings): Promise<number>;
}

/** Where a command is run. */
export interface Surroundings {
  /** Read only by commands that need it, so that a usage can be shown without any. */
  readonly config: () => Config;
  readonly log: Log;
  readonly say: (line: string) => void;
  readonly progress: Progress;
  /** Asks for a secret, which never stands among the words. */
  readonly secret: (question: string) => Promise<string>;
}

/** Words that name no command, or not what it needs. */
export class UsageError extends StartError {}

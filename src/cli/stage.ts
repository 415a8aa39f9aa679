import { styleText } from 'node:util';

/** A step of the show that did not end as it should. */
export class StepError extends Error {
  override readonly name = 'StepError';
  readonly step: string;

  constructor(step: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.step = step;
  }
}

/** Where the show is played: calm lines, coloured on a terminal only. */
export class Stage {
  readonly #strict: boolean;
  readonly #terminal = process.stdout.isTTY;
  #step = '';
  #closed = false;
  #quartersShown = 0;

  /** @param strict - whether a result that is not as expected ends the show */
  constructor(strict: boolean) {
    this.#strict = strict;
  }

  /**
   * Plays one step, that is: says its name and does its work.
   *
   * @throws StepError for whatever is thrown in it
   */
  async play<T>(step: string, work: () => Promise<T>): Promise<T> {
    this.#step = step;
    this.#quartersShown = 0;
    this.line();
    this.line(`${styleText('cyan', '●')} ${styleText('bold', step)}`);
    try {
      return await work();
    } catch (error) {
      if (error instanceof StepError) throw error;
      throw new StepError(step, (error as Error).message, { cause: error });
    }
  }

  line(text = ''): void {
    if (this.#closed) return;
    process.stdout.write(text === '' ? '\n' : `  ${text}\n`);
  }

  /** A line of a step's result. */
  tell(text: string): void {
    this.line(`  ${text}`);
  }

  /**
   * Checks what a step should have brought.
   *
   * @throws StepError in a strict show; otherwise it is only told
   */
  expect(holds: boolean, otherwise: string): void {
    if (holds) return;
    if (this.#strict) throw new StepError(this.#step, otherwise);
    this.tell(styleText('yellow', `Not as expected: ${otherwise}.`));
  }

  /** A line that changes in place; where there is no terminal, a line at each quarter of the way. */
  progress(done: number, total: number, text: string): void {
    if (this.#closed) return;
    if (this.#terminal) {
      process.stdout.write(`\r    ${bar(done, total)} ${text}\u001B[K`);
      return;
    }
    const quarters = total === 0 ? 0 : Math.floor((done * 4) / total);
    if (quarters <= this.#quartersShown) return;
    this.#quartersShown = quarters;
    this.tell(text);
  }

  /** Ends the line that changes. */
  endProgress(): void {
    if (this.#terminal) this.line();
  }

  /** Says a last word; what the show tells after it is not heard. */
  close(word: string): void {
    this.line();
    this.line(word);
    this.#closed = true;
  }
}

const BAR_WIDTH = 24;

function bar(done: number, total: number): string {
  const filled = total === 0 ? 0 : Math.round((done * BAR_WIDTH) / total);
  return styleText('green', '━'.repeat(filled)) + styleText('dim', '━'.repeat(BAR_WIDTH - filled));
}

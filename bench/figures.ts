const WIDTH = 64;

/** Figures as they come, each printed at once, and whether all are as they have to be. */
export class Figures {
  readonly #missed: string[] = [];

  /** Prints a figure that nothing hangs on. */
  show(name: string, value: string): void {
    process.stdout.write(`${name.padEnd(WIDTH)} ${value}\n`);
  }

  /** Prints a figure that has to be this and nothing else. */
  exactly(name: string, value: number, wanted: number): void {
    this.#judge(name, value, value === wanted, `${wanted}`);
  }

  atMost(name: string, value: number, wanted: number): void {
    this.#judge(name, value, value <= wanted, `at most ${wanted}`);
  }

  atLeast(name: string, value: number, wanted: number): void {
    this.#judge(name, value, value >= wanted, `at least ${wanted}`);
  }

  /** Prints what was missed, and tells whether nothing was. */
  tell(): boolean {
    process.stdout.write(
      this.#missed.length === 0 ? 'Every figure holds.\n' : `Missed: ${this.#missed.join('; ')}.\n`,
    );
    return this.#missed.length === 0;
  }

  #judge(name: string, value: number, good: boolean, wanted: string): void {
    this.show(name, `${value}${good ? '' : `, but has to be ${wanted}`}`);
    if (!good) this.#missed.push(name);
  }
}

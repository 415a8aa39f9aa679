/** What is to happen, the earliest first; of one instant in the order in which it was noted. */
export class Agenda<T> {
  readonly #entries: { readonly at: number; readonly what: T }[] = [];

  note(at: Date, what: T): void {
    const instant = at.getTime();
    const place = this.#entries.findLastIndex((entry) => entry.at <= instant) + 1;
    this.#entries.splice(place, 0, { at: instant, what });
  }

  /** When the next is; null if there is none. */
  get next(): Date | null {
    const [first] = this.#entries;
    return first === undefined ? null : new Date(first.at);
  }

  /** Takes what is to have happened by then. */
  takeUntil(instant: Date): readonly T[] {
    const left = this.#entries.findIndex(({ at }) => at > instant.getTime());
    return this.#entries
      .splice(0, left === -1 ? this.#entries.length : left)
      .map(({ what }) => what);
  }
}

/** Something without an id that stays, by what may tell it from others of its account. */
export interface Recognisable {
  /** The bank's own ids and numbers: where two things have one each and these differ, they are two. */
  readonly marks: readonly (string | null)[];
  /** What it is surely known by, the best first; null where it lacks the words for that. */
  readonly sure: readonly (string | null)[];
  /** What it may be known by where nothing else of its account has the same. */
  readonly likely: readonly (string | null)[];
}

/** The same as it was seen before. */
export interface RecognisableBefore extends Recognisable {
  readonly id: string;
  /** False once the bank listed it no more: then only what is sure brings it back. */
  readonly living: boolean;
}

/**
 * Tells which of the things that were seen before each listed one is, one to one. Things that are surely
 * alike are taken in their order, since two that say the same are two; what is only likely counts where it
 * is one on either side.
 *
 * @param known - oldest first
 * @returns by place in the list, the id that it had; null for what is new
 */
export function recognise(
  listed: readonly Recognisable[],
  known: readonly RecognisableBefore[],
): readonly (string | null)[] {
  const found = new Map<Recognisable, string>();
  const living = known.filter((one) => one.living);
  const ended = known.filter((one) => !one.living);
  const matchBy = (
    before: readonly RecognisableBefore[],
    level: number,
    kind: 'sure' | 'likely',
  ) => {
    const taken = new Set(found.values());
    const key = (one: Recognisable) => one[kind][level] ?? null;
    const left = group(
      listed.filter((one) => !found.has(one)),
      key,
    );
    const right = group(
      before.filter(({ id }) => !taken.has(id)),
      key,
    );
    for (const [word, ones] of left) {
      const others = right.get(word) ?? [];
      if (kind === 'likely' && (ones.length !== 1 || others.length !== 1)) continue;
      for (const one of ones) {
        const at = others.findIndex((other) => !differ(one, other));
        if (at !== -1) found.set(one, others.splice(at, 1)[0]?.id ?? '');
      }
    }
  };
  const levels = (kind: 'sure' | 'likely') => [...(listed[0]?.[kind].keys() ?? [])];
  for (const level of levels('sure')) matchBy(living, level, 'sure');
  for (const level of levels('likely')) matchBy(living, level, 'likely');
  for (const level of levels('sure')) matchBy(ended, level, 'sure');
  return listed.map((one) => found.get(one) ?? null);
}

function group<T>(things: readonly T[], key: (thing: T) => string | null): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const thing of things) {
    const word = key(thing);
    if (word !== null) groups.set(word, [...(groups.get(word) ?? []), thing]);
  }
  return groups;
}

function differ(a: Recognisable, b: Recognisable): boolean {
  return a.marks.some((mark, index) => {
    const other = b.marks[index] ?? null;
    return mark !== null && other !== null && mark !== other;
  });
}

/** Words as one key, in one spelling; null where there is none at all. */
export function keyOf(...words: readonly (string | null)[]): string | null {
  if (words.every((word) => word === null)) return null;
  return JSON.stringify(words.map((word) => word?.toUpperCase().replaceAll(/\s+/g, ' ') ?? null));
}

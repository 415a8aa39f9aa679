/**
 * Sets an entry and makes it the newest; beyond `max` entries the oldest one goes. A process left
 * running must not grow without end.
 */
export function keepNewest<Key, Value>(
  map: Map<Key, Value>,
  key: Key,
  value: Value,
  max: number,
): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= max) return;
  const oldest = map.keys().next();
  if (oldest.done !== true) map.delete(oldest.value);
}

/** The values used last, up to a number of them. */
export interface Recent<T> {
  /** The value of a key, made where it is not there or no longer. */
  get(key: string, make: () => T): T;
  /** Puts a value in, and gives it. */
  set(key: string, value: T): T;
}

/** Keeps at most `max` values; whatever has not been asked for the longest goes first. */
export function makeRecent<T>(max: number): Recent<T> {
  const kept = new Map<string, T>();
  function set(key: string, value: T): T {
    keepNewest(kept, key, value, max);
    return value;
  }
  return {
    get: (key, make) => set(key, kept.get(key) ?? make()),
    set,
  };
}

import { setTimeout } from 'node:timers/promises';
import { type KeyRing, seal, unseal } from '../../src/base/seal.ts';
import { readSealedValue } from '../../src/keys/sealed-values.ts';
import type { Database } from '../../src/postgres/db.ts';
import { type KnownSecret, type KnownSecrets, placeName } from './rotation-seed.ts';

/** In real time, between two acts of one reader or writer: a busy house, which leaves us a processor. */
const PAUSE_MILLISECONDS = 5;
const RECENT_READS = 100;

/** What a house does meanwhile: it reads secrets, and gets new tokens in place of old ones. */
export class RotationLoad {
  reads = 0;
  failedReads = 0;
  slowestReadMilliseconds = 0;
  refreshed = 0;
  readonly #database: Database;
  readonly #keys: KeyRing;
  readonly #known: KnownSecrets;
  readonly #names: readonly string[];
  readonly #signal: AbortSignal;
  readonly #recent: boolean[] = [];
  readonly #waiting: { readonly part: number; readonly resolve: () => void }[] = [];

  constructor(database: Database, keys: KeyRing, known: KnownSecrets, signal: AbortSignal) {
    this.#database = database;
    this.#keys = keys;
    this.#known = known;
    this.#names = [...known.keys()];
    this.#signal = signal;
  }

  /** Waits until so much of what was read lately is under the first key. */
  reaches(part: number): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ part, resolve }));
  }

  async read(): Promise<void> {
    while (!this.#signal.aborted) {
      const { place } = this.#any();
      const started = performance.now();
      const value = await readSealedValue(this.#database, place);
      const good = value !== null && (await this.#opens(value.sealed, place));
      this.slowestReadMilliseconds = Math.max(
        this.slowestReadMilliseconds,
        performance.now() - started,
      );
      this.reads += 1;
      if (!good) this.failedReads += 1;
      this.#note(value?.keyId === this.#keys[0].id);
      await setTimeout(PAUSE_MILLISECONDS);
    }
  }

  async refresh(): Promise<void> {
    while (!this.#signal.aborted) {
      const { place } = this.#any();
      const { table, column } = place;
      const refreshes = table === 'consent_credential' && column === 'sealed_access';
      if (refreshes) await this.#refreshOne(place);
      await setTimeout(PAUSE_MILLISECONDS);
    }
  }

  async #refreshOne(place: KnownSecret['place']): Promise<void> {
    const secret = `refreshed for the ${this.refreshed}th time`;
    const by = await seal(this.#keys, place, secret);
    const { count } = await this.#database.transact(place.viewer, (tx) =>
      tx.consentCredential.updateMany({
        where: { consentId: place.row },
        data: { sealedAccess: by, generation: { increment: 1 } },
      }),
    );
    if (count !== 1) return;
    this.refreshed += 1;
    this.#known.set(placeName(place), { place, secret });
  }

  async #opens(sealed: string, place: KnownSecret['place']): Promise<boolean> {
    return unseal(this.#keys, place, sealed).then(
      (secret) => secret !== '',
      () => false,
    );
  }

  #note(isNew: boolean): void {
    this.#recent.push(isNew);
    if (this.#recent.length > RECENT_READS) this.#recent.shift();
    const part = this.#recent.filter((flag) => flag).length / RECENT_READS;
    for (const waiting of this.#waiting) if (part >= waiting.part) waiting.resolve();
  }

  // Every secret in its turn, far apart, so that neither pages nor rows repeat soon.
  #turn = 0;
  #any(): KnownSecret {
    this.#turn = (this.#turn + 7_919) % this.#names.length;
    return this.#known.get(this.#names[this.#turn] ?? '')!;
  }
}

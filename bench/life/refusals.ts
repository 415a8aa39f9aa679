import type { Simulator } from '../../src/simulator/simulator.ts';

/** Counts the calls that are made with a refresh token after the bank has called it dead for good. */
export class RefusalJudge {
  readonly #refused = new Map<string, number>();

  /** Reads the simulator's journal, and clears it. */
  read({ journal }: Simulator, wrongSecret: boolean): void {
    for (const { path, status, credentialsId } of journal.entries) {
      if (wrongSecret || credentialsId === null || path !== '/connect/token') continue;
      if (status === 400) {
        this.#refused.set(credentialsId, (this.#refused.get(credentialsId) ?? 0) + 1);
      }
    }
    journal.clear();
  }

  /** The most calls that followed a refusal, of any consent. */
  get mostAfterwards(): number {
    return Math.max(0, ...[...this.#refused.values()].map((times) => times - 1));
  }
}

import { styleText } from 'node:util';

const WIDTH = 24;
const STEPS_WITHOUT_TERMINAL = 10;

/** Where a long work shows how far it is. */
export interface Progress {
  /** Shows a state. The text says it in words. */
  show(done: number, total: number, text: string): void;
  /** Ends the line that changes, before others are written. */
  end(): void;
}

/**
 * A bar that changes in place on a terminal; elsewhere, a line at each tenth of the way.
 *
 * @param out - standard output, or what stands for it in a test
 */
export function openProgress(out: Pick<NodeJS.WriteStream, 'write' | 'isTTY'>): Progress {
  let lastStep = -1;
  let open = false;
  return {
    show(done, total, text) {
      const part = total === 0 ? 1 : done / total;
      if (out.isTTY) {
        const filled = Math.round(part * WIDTH);
        const bar =
          styleText('green', '━'.repeat(filled)) + styleText('dim', '━'.repeat(WIDTH - filled));
        out.write(`\r  ${bar} ${text}\u001B[K`);
        open = true;
        return;
      }
      const step = Math.floor(part * STEPS_WITHOUT_TERMINAL);
      if (step === lastStep) return;
      lastStep = step;
      out.write(`${text}\n`);
    },
    end() {
      if (open) out.write('\n');
      open = false;
    },
  };
}

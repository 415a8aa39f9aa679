import { createLog } from '../../src/base/log.ts';
import { withBankAccess } from '../../src/consents/tokens.ts';
import { startHouse } from '../../src/house.ts';
import { readOwnConfig } from '../../src/run.ts';

/** What a storm asks of one process. */
export interface Order {
  readonly viewerId: string;
  readonly consentId: string;
  readonly callers: number;
  /** Stands still for ever once the bank has answered, as if it were cut off there. */
  readonly hang?: boolean;
}

/** How the callers of one order fared. */
export interface Outcome {
  readonly succeeded: number;
  readonly failures: readonly string[];
}

// Started by `storms.ts`: a process of a server, told by messages whom to call for.
const house = await startHouse({
  config: readOwnConfig(process.env),
  log: createLog('silent'),
  schedules: false,
});
process.on('message', (order: Order) => void answer(order));
process.send?.('ready');

async function answer({ viewerId, consentId, callers, hang }: Order): Promise<void> {
  const { truelayer } = house.app;
  const cutOff = async (token: string): Promise<never> => {
    await truelayer.refresh(token);
    process.send?.('answered');
    return new Promise<never>(() => {});
  };
  const app = hang ? { ...house.app, truelayer: { ...truelayer, refresh: cutOff } } : house.app;
  const calls = await Promise.allSettled(
    Array.from({ length: callers }, () =>
      withBankAccess(app, { viewerId, consentId, attended: false }, async () => null),
    ),
  );
  const failures = calls.flatMap((call) =>
    call.status === 'rejected' ? [String(call.reason)] : [],
  );
  const succeeded = callers - failures.length;
  process.send?.({ succeeded, failures } satisfies Outcome);
}

import { PrismaPg } from '@prisma/adapter-pg';
import type { SqlDriverAdapter, Transaction } from '@prisma/driver-adapter-utils';

/**
 * Prisma's adapter, which asks the parts of one read in a transaction all at once, though they have but one
 * connection: `pg` warns of that and will refuse it. Here each waits for the one before it, as it
 * did on the wire all along.
 *
 * @see https://github.com/brianc/node-postgres, `client.query` while another is executing
 */
export class PrismaPgOneAtATime extends PrismaPg {
  override async connect() {
    const adapter = await super.connect();
    const start: SqlDriverAdapter['startTransaction'] = adapter.startTransaction.bind(adapter);
    return Object.assign(adapter, {
      startTransaction: async (level: Parameters<typeof start>[0]) =>
        oneAtATime(await start(level)),
    });
  }
}

function oneAtATime(transaction: Transaction): Transaction {
  let before: Promise<unknown> = Promise.resolve();
  const inTurn =
    <Query, Result>(ask: (query: Query) => Promise<Result>) =>
    (query: Query): Promise<Result> => {
      const asked = before.then(() => ask(query));
      before = asked.catch(() => undefined);
      return asked;
    };
  return Object.assign(transaction, {
    queryRaw: inTurn(transaction.queryRaw.bind(transaction)),
    executeRaw: inTurn(transaction.executeRaw.bind(transaction)),
  });
}

import { TestClock } from 'pg-boss';

type AttachTarget = Parameters<TestClock['attach']>[0];

/**
 * A test clock in a process that does not own the time. The owner has the clock's table in the
 * database; this one only moves its own timers to the instants that it is told.
 */
export class FollowerClock extends TestClock {
  override attach(target: AttachTarget): Promise<AsyncDisposable> {
    const silent = { ...target.db, executeSql: async () => ({ rows: [] }) };
    return super.attach({ ...target, db: silent });
  }
}

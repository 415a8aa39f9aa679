import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { FollowerMessage } from './follower-process.ts';

/** Another process of the house, living by the instants that it is told. */
export interface Follower {
  setTime(now: number): Promise<void>;
  tick(milliseconds: number): Promise<void>;
  /** Jobs that it was answering when it last spoke. */
  readonly answering: number;
  close(): Promise<void>;
  /** As the power going out. */
  kill(): Promise<void>;
}

const PROGRAM = fileURLToPath(new URL('follower-process.ts', import.meta.url));

/**
 * Starts a house in another process at the instant `now`.
 *
 * @param environment - all of its configuration
 */
export async function spawnFollower(
  now: number,
  environment: Readonly<Record<string, string>>,
): Promise<Follower> {
  const child = fork(PROGRAM, [String(now)], {
    env: { PATH: process.env['PATH'], ...environment },
    execArgv: [],
  });
  let answering = 0;
  let heard = Promise.withResolvers<void>();
  child.on('message', (message: { answering: number }) => {
    ({ answering } = message);
    heard.resolve();
  });
  child.on('exit', () => heard.reject(new Error('the following process ended')));
  const say = async (message: FollowerMessage) => {
    heard = Promise.withResolvers();
    child.send(message);
    await heard.promise;
  };
  await heard.promise;
  return {
    setTime: (instant) => say({ now: instant }),
    tick: (milliseconds) => say({ tick: milliseconds }),
    get answering() {
      return answering;
    },
    async close() {
      const ended = once(child, 'exit');
      child.send({ close: true } satisfies FollowerMessage);
      const [status] = await ended;
      if (status !== 0) throw new Error(`the following process ended with status ${status}`);
    },
    async kill() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

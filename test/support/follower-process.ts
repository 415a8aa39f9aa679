import { createLog } from '../../src/base/log.ts';
import { readConfig } from '../../src/base/config.ts';
import { startHouse } from '../../src/house.ts';
import { FollowerClock } from './follower-clock.ts';
import { refuseLeaks } from './watch.ts';

/** What the owner of the time says to a follower, and what it answers. */
export type FollowerMessage =
  { readonly now: number } | { readonly tick: number } | { readonly close: true };

// Started by `spawnFollower` with the owner's present instant; lives by its messages.
const clock = new FollowerClock(Number(process.argv[2]));
const config = readConfig(process.env, () => '');
const logLines: string[] = [];
const house = await startHouse({
  config,
  clock,
  log: createLog('debug', { write: (line) => void logLines.push(line) }),
  schedules: false,
});

process.on('message', (message: FollowerMessage) => {
  void answer(message);
});
process.send?.({ answering: 0 });

async function answer(message: FollowerMessage): Promise<void> {
  if ('close' in message) {
    await house.close();
    // Whoever waits for the end sees by the status if this finds something.
    await refuseLeaks({ logLines });
    process.disconnect();
    return;
  }
  if ('now' in message) await clock.setTime(message.now);
  else await clock.tick(message.tick);
  process.send?.({ answering: house.app.queue.answering });
}

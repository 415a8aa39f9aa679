import { parseArgs } from 'node:util';
import { parseKeyRing } from '../../src/base/key-ring.ts';
import { emptyDatabase, makeKey, withPostgres } from '../database.ts';
import { Figures } from '../figures.ts';
import { drillRotation } from './rotation-drill.ts';
import { SECRETS_PER_USER, seedSecrets } from './rotation-seed.ts';
import { simulateOutage } from './outage.ts';
import { simulateStorms } from './storms.ts';

const READERS = 8;

/**
 * Brings about what kills tokens elsewhere: storms of callers at a slow token endpoint, with holders
 * that are paused or killed; an outage of five days with nothing but the keep-alive; a change of keys
 * under load that is killed in the middle. Prints the figures.
 *
 * @returns whether each figure is as it has to be
 */
export async function simulateTokens(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      callers: { type: 'string', default: '150' },
      seconds: { type: 'string', default: '30' },
      consents: { type: 'string', default: '10000' },
      secrets: { type: 'string', default: '100000' },
    },
  });
  const [callers, seconds, consents, secrets] = [
    values.callers,
    values.seconds,
    values.consents,
    values.secrets,
  ].map(Number) as [number, number, number, number];
  if (!callers || !seconds || !consents || !secrets) {
    throw new RangeError('callers, seconds, consents, secrets: numbers');
  }
  const figures = new Figures();
  await withPostgres(async (url) => {
    await simulateStorms(await emptyDatabase(url, 'storms'), { callers, seconds }, figures);
    await simulateOutage(await emptyDatabase(url, 'outage'), consents, figures);
    await simulateRotation(await emptyDatabase(url, 'rotation'), secrets, figures);
  });
  return figures.tell();
}

async function simulateRotation(url: string, secrets: number, figures: Figures): Promise<void> {
  const [old, renewed] = [makeKey('old'), makeKey('new')];
  const known = await seedSecrets(url, parseKeyRing(old), Math.ceil(secrets / SECRETS_PER_USER));
  const report = await drillRotation({
    environment: {
      NODE_ENV: 'development',
      DATABASE_URL: url,
      ENCRYPTION_KEYS: `${renewed},${old}`,
    },
    known,
    readers: READERS,
    killAtPart: 0.4,
  });
  figures.show(
    'secrets whose key was changed',
    `${report.secrets} in ${report.seconds.toFixed(0)} s`,
  );
  figures.atLeast('left under the old key when the rotation was killed', report.leftAtKill ?? 0, 1);
  figures.atLeast('secrets read meanwhile', report.reads, 1);
  figures.exactly('of these failed', report.failedReads, 0);
  figures.show('tokens refreshed meanwhile', String(report.refreshed));
  figures.exactly('secrets lost', report.lost, 0);
  figures.exactly('status of the second rotation', report.status ?? -1, 0);
}

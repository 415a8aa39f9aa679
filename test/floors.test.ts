import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

/**
 * The floors of the house, from the ground up. A room is a folder, or a file that stands by itself.
 * A file imports from floors below its own or from its own room, never sideways, never up.
 */
const FLOORS: readonly (readonly string[])[] = [
  ['base', 'generated'],
  ['truelayer', 'postgres'],
  ['jobs.ts', 'events.ts'],
  ['app.ts'],
  ['acts', 'outbox'],
  ['providers', 'changes', 'alarms', 'keys', 'clients'],
  // The end of a consent hands its accounts over, or takes them along.
  ['accounts'],
  ['consents', 'dead-letters'],
  ['history', 'viewers', 'webhooks'],
  ['graphql', 'worker.ts'],
  ['http'],
  ['development.ts'],
  ['house.ts'],
  ['main.ts', 'run.ts', 'cli'],
];

/** Apart from the floors: it knows nothing of ours but `base`, and few may start it. */
const SIMULATOR = 'simulator';
const SIMULATOR_STARTERS = ['development.ts', 'cli'];

const source = fileURLToPath(new URL('../src/', import.meta.url));
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.startsWith('generated'),
);

function importsOf(file: string): string[] {
  const text = readFileSync(path.join(source, file), 'utf8');
  const found = text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g);
  return [...found].map(([, target]) =>
    path.relative(source, path.resolve(source, path.dirname(file), target ?? '')),
  );
}

function roomOf(file: string): string {
  return file.split(path.sep, 1)[0] ?? '';
}

function floorOf(room: string): number {
  return FLOORS.findIndex((rooms) => rooms.includes(room));
}

function mayImport(from: string, to: string): boolean {
  if (from === to) return true;
  if (from === SIMULATOR) return to === 'base';
  if (to === SIMULATOR) return SIMULATOR_STARTERS.includes(from);
  // The entrances share the way in.
  if (from === 'cli' && to === 'run.ts') return true;
  if (from === 'main.ts' && to === 'run.ts') return true;
  return floorOf(to) < floorOf(from);
}

it('every room has a floor', () => {
  const homeless = files.map(roomOf).filter((room) => room !== SIMULATOR && floorOf(room) === -1);
  expect(homeless).toEqual([]);
});

it('no import climbs or goes sideways', () => {
  const climbing = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => !mayImport(roomOf(file), roomOf(target)))
      .map((target) => `${file} imports ${target}`),
  );
  expect(climbing).toEqual([]);
});

it('only the configuration reads the environment, and only the clock tells the time', () => {
  const offenders = files.flatMap((file) => {
    const text = readFileSync(path.join(source, file), 'utf8');
    const entrance = ['main.ts', 'run.ts'].includes(file) || file.startsWith('cli');
    return [
      ...(/process\.env/.test(text) && !entrance ? [`${file} reads the environment`] : []),
      ...(/Date\.now\(|new Date\(\)/.test(text) && file !== path.join('base', 'clock.ts')
        ? [`${file} reads the time`]
        : []),
      ...(/Math\.random\(/.test(text) ? [`${file} makes chance`] : []),
    ];
  });
  expect(offenders).toEqual([]);
});

it('every relative import names a file with its ending, and no file gathers others', () => {
  const bad = files.flatMap((file) => [
    ...importsOf(file).filter((target) => !target.endsWith('.ts')),
    ...(path.basename(file) === 'index.ts' ? [file] : []),
  ]);
  expect(bad).toEqual([]);
});

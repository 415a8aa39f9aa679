import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

interface LockEntry {
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const read = (file: string) =>
  JSON.parse(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8'));
const manifest = read('package.json');
const packages = read('package-lock.json').packages as Readonly<Record<string, LockEntry>>;
const installed = Object.entries(packages).filter(([name]) => name !== '');

it('every dependency is pinned to one version', () => {
  const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies });
  expect(versions.filter((version) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(String(version)))).toEqual(
    [],
  );
});

it('the lock has the integrity of every package, and the address of none', () => {
  expect(installed.filter(([, entry]) => !entry.integrity && !entry.link)).toEqual([]);
  expect(installed.filter(([, entry]) => entry.resolved !== undefined)).toEqual([]);
});

// Where the lock lacks a part that only other platforms install, a clean install fails everywhere.
it('the lock has the optional parts of every platform', () => {
  const missing = installed.flatMap(([place, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) =>
        !(`${place}/node_modules/${name}` in packages) && !(`node_modules/${name}` in packages),
    ),
  );
  expect(missing).toEqual([]);
});

it('there is one graphql', () => {
  expect(
    Object.keys(packages).filter((name) => name.endsWith('node_modules/graphql')),
  ).toHaveLength(1);
});

it('the README names every configuration variable', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const example = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
  const names = [...example.matchAll(/^#? ?([A-Z][A-Z_]+)=/gm)].map(([, name]) => name ?? '');
  const own = names.filter((name) => !name.endsWith('_FILE') && name !== 'POSTGRES_PASSWORD');
  expect(own.length).toBeGreaterThan(20);
  expect(own.filter((name) => !readme.includes(name))).toEqual([]);
});

it('every file that the README speaks of is there', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const links = [...readme.matchAll(/\]\((?!https?:|#)([^)]+)\)/g)].map(([, link]) => link ?? '');
  expect(links.filter((link) => !existsSync(new URL(`../${link}`, import.meta.url)))).toEqual([]);
});

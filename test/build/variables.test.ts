import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readConfig } from '../../src/base/config.ts';
import { StartError } from '../../src/base/errors.ts';

const example = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
const entries = [...example.matchAll(/^(?:# )?([A-Z][A-Z_]+)=(.*)$/gm)];
const listed = entries.map(([, name]) => name ?? '');

/** The variables that the configuration asks for when everything that leads to others is set. */
function askedFor(): readonly string[] {
  const set: Record<string, string> = { TRUELAYER_CLIENT_ID: 'client', AUTH_ISSUER: 'issuer' };
  const asked = new Set<string>();
  const environment = new Proxy(set, {
    get(target, name: string) {
      asked.add(name);
      return target[name];
    },
  });
  expect(() => readConfig(environment, () => '')).toThrow(StartError);
  return [...asked];
}

it('.env.example lists every variable that the server reads, once, and none that it does not', () => {
  expect(listed.filter((name) => name !== 'POSTGRES_PASSWORD').toSorted()).toEqual(
    askedFor().toSorted(),
  );
});

it('.env.example holds no value, so nothing of it can be left in use', () => {
  expect(entries.filter(([, , value]) => value !== '').map(([line]) => line)).toEqual([]);
});

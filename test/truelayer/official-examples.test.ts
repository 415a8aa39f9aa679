import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseExactJson } from '../../src/truelayer/exact-json.ts';
import { refusalOf } from '../../src/truelayer/refusal.ts';
import { ANSWERS, READERS, REFUSALS } from './example-cases.ts';
import { clientOf, stillClock } from './client-of.ts';
import { serveAlways } from './http-server.ts';
import { leavesOf, type Json } from './leaves.ts';
import { FILES_LEFT_OUT, LEFT_OUT } from './left-out.ts';

// The examples of TrueLayer's own documentation, where somebody has them at hand: a folder with
// `examples/official/*.json`, `examples/mock-bank-2021/*.json` and `openapi/*.json`.
const reference = process.env['CONSENTRY_REFERENCE'] ?? '';

describe.skipIf(reference === '')('the official examples', () => {
  it('are all accounted for', () => {
    const files = ['mock-bank-2021', 'official'].flatMap((folder) =>
      readdirSync(join(reference, 'examples', folder)).map((file) => `${folder}/${file}`),
    );
    const cases = [...ANSWERS, ...REFUSALS].map(([file]) => file);
    const known = [...cases.filter((file) => !file.includes('#')), ...Object.keys(FILES_LEFT_OUT)];
    expect(known.toSorted()).toEqual(files.toSorted());
  });

  it.each(ANSWERS)('%s is understood, and no field is lost unseen', (file, reader) => {
    const read = (document: Json) => READERS[reader](parseExactJson(JSON.stringify(document)));
    expect(() => read(example(file))).not.toThrow();
    expect(notKept(example(file), read)).toEqual(leftOut(file, reader));
  });

  it.each(REFUSALS)('%s from %s with %i means %s, and no field is lost unseen', (...refusal) => {
    const [file, kind, status, meaning] = refusal;
    const read = (document: Json) => {
      const text = JSON.stringify(document);
      const answer = { status, headers: new Headers(), text };
      const error = refusalOf({ kind, endpoint: '/any' }, answer, stillClock);
      return {
        meaning: error.meaning,
        code: error.code,
        fields: error.fields,
        id: error.correlationId,
      };
    };
    expect(read(example(file))).toMatchObject({ meaning });
    expect(notKept(example(file), read)).toEqual(leftOut(file, 'refusal'));
  });

  it('show every field that is left out on purpose', () => {
    const cases = [...ANSWERS, ...REFUSALS.map(([file]) => [file, 'refusal'] as const)];
    const seen = new Set(
      cases.flatMap(([file, reader]) =>
        leavesOf(example(file), () => null).flatMap(({ path }) => [
          `${file} ${path}`,
          `${reader} ${path}`,
        ]),
      ),
    );
    const stale = LEFT_OUT.flatMap(({ where, path }) => where.map((place) => `${place} ${path}`));
    expect(stale.filter((entry) => !seen.has(entry))).toEqual([]);
  });

  it('have tokens that tell the ids within', async () => {
    await using server = await serveAlways(
      200,
      example('official/auth-tokenExchange200Response.json'),
    );
    expect(await clientOf(server).refresh('any')).toMatchObject({
      credentialsId: 'JbJgTI9j3+JMuknJyg01ektc0jNa6nFVnH6GQU9MdSo=',
      consentId: 'effeaf95-7cbe-4ed4-9320-2b8ac9fabe28',
    });
  });
});

/** A file of the examples; after `#` an example within an OpenAPI file. */
function example(path: string): Json {
  const [file = '', name] = path.split('#');
  const folder = name === undefined ? 'examples' : 'openapi';
  const document = JSON.parse(readFileSync(join(reference, folder, file), 'utf8'));
  return name === undefined ? document : document.components.examples[name].value;
}

/** The fields that do not arrive, each once with what becomes of it. */
function notKept(document: Json, read: (document: Json) => unknown): string[] {
  const lost = leavesOf(document, read).filter(({ fate }) => fate !== 'kept');
  return [...new Set(lost.map(({ path, fate }) => `${path}: ${fate}`))].toSorted();
}

/** The fields of this file that may not arrive. */
function leftOut(file: string, reader: string): string[] {
  const paths = new Set(leavesOf(example(file), () => null).map(({ path }) => path));
  return LEFT_OUT.filter(
    ({ where, path }) => (where.includes(file) || where.includes(reader)) && paths.has(path),
  )
    .map(({ path, fate }) => `${path}: ${fate}`)
    .toSorted();
}

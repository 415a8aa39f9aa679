import { expect, it } from 'vitest';
import { createLog, strikeSecrets, withCorrelation } from '../../src/base/log.ts';

function logged(write: (log: ReturnType<typeof createLog>) => void): string {
  const lines: string[] = [];
  write(createLog('debug', { write: (line) => void lines.push(line) }));
  return lines.join('');
}

it.each([
  'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl',
  'Bearer abc.def-ghi',
  'refresh_token=DD65D922',
  'https://x/callback?code=secretcode&state=secretstate',
  'postgresql://user:hunter2@db/x',
])('secrets are struck out of a message: %s', (secret) => {
  const line = logged((log) => log.info({ err: new Error(`it went wrong: ${secret}`) }, secret));
  for (const word of [
    'c2lnbmF0dXJl',
    'def-ghi',
    'DD65D922',
    'secretcode',
    'secretstate',
    'hunter2',
  ]) {
    expect(line).not.toContain(word);
  }
});

it('fields that are named for secrets are struck out, nested ones too', () => {
  const line = logged((log) =>
    log.info({
      accessToken: 'aaa111',
      call: { authorization: 'bbb222', body: { code: 'ccc333' } },
    }),
  );
  expect(line).not.toMatch(/aaa111|bbb222|ccc333/);
  expect(JSON.parse(line)).toMatchObject({ accessToken: '[struck]' });
});

it('of an error only its words are written, not what a library hung on it', () => {
  const cause = Object.assign(new Error('inner'), { code: 'ECONNRESET' });
  const error = Object.assign(new Error('outer', { cause }), {
    client: { secretKey: 4711, sql: 'select 1' },
  });
  const line = logged((log) => log.warn({ err: error }, 'trouble'));
  expect(line).not.toMatch(/4711|select 1/);
  expect(JSON.parse(line)).toMatchObject({
    err: { message: 'outer', cause: { message: 'inner', errorCode: 'ECONNRESET' } },
  });
});

it('a line bears the correlation id of its work', () => {
  const line = logged((log) => withCorrelation('id-1', () => log.info('hello')));
  expect(JSON.parse(line)).toMatchObject({ correlationId: 'id-1', msg: 'hello', level: 'info' });
});

it('what is no secret stays', () => {
  expect(strikeSecrets('consent 42 of ob-monzo: 503 provider_error')).toBe(
    'consent 42 of ob-monzo: 503 provider_error',
  );
});

it('a struck line is still JSON', () => {
  const line = logged((log) => log.info({ url: 'https://x/?code=a"b\\c', n: 1 }, 'Bearer x"y'));
  expect(() => JSON.parse(line) as unknown).not.toThrow();
});

it('an error has no other way into a line', () => {
  const error = Object.assign(new SyntaxError('"secret8e1f" is not valid JSON'), {
    body: 'secret8e1f',
  });
  const lines = logged((log) => {
    log.warn(error);
    log.warn({ err: error });
    log.warn({ reason: error }, 'trouble');
  })
    .trim()
    .split('\n');
  expect(lines.join('')).not.toContain('secret8e1f');
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { msg: '"[struck]" is not valid JSON', err: { type: 'SyntaxError' } },
    { msg: '"[struck]" is not valid JSON', err: { type: 'SyntaxError' } },
    { msg: 'trouble', reason: { type: 'SyntaxError' } },
  ]);
});

import { describe, expect, it } from 'vitest';
import { describeError, wordsOf } from '../../src/base/error-words.ts';

const S = 'Secret7f3a';

function errorOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

const named = <More extends object>(name: string, message: string, more?: More) =>
  Object.assign(new Error(message), { name, ...(more as More) });
const postgres = (code: string, message: string) =>
  named('error', message, {
    code,
    severity: 'ERROR',
    detail: `Failing row contains (${S})`,
    where: S,
  });

describe('an error is told', () => {
  it.each([
    ['JSON', () => JSON.parse(`{"a": ${S}`)],
    ['JSON with quotes and lines in it', () => JSON.parse(`["${S}",\nx]`)],
    ['a header', () => new Headers({ authorization: `${S}\n"${S}` })],
    ['an address', () => new Request(`//${S}`)],
    ['a number', () => BigInt(S)],
  ])('without %s that the engine could not read', (_name, work) => {
    const error = errorOf(work);
    expect(String(error)).toContain(S);
    expect(JSON.stringify(describeError(error))).not.toContain(S);
    expect(describeError(error).message.length).toBeGreaterThan(10);
  });

  it.each([
    postgres('22P02', `invalid input syntax for type uuid: "${S}\n${S}"`),
    postgres('42601', `syntax error at or near "${S}"`),
    postgres('P0001', S),
    // What the queue makes of it is no error any more.
    { name: 'error', message: `out of range: "${S}"`, stack: S, code: '22007', severity: 'ERROR' },
  ])('without the value that Postgres quotes: $code', (error) => {
    const told = describeError(error);
    expect(JSON.stringify(told)).not.toContain(S);
    expect(told.message).toBe(`the statement failed with SQLSTATE ${error.code}`);
  });

  it('with the constraint that was broken, without the row', () => {
    const message = 'duplicate key value violates unique constraint "viewer_pkey"';
    expect(wordsOf(postgres('23505', message))).toEqual({ type: 'error', message });
    expect(JSON.stringify(describeError(postgres('23505', message)))).not.toContain(S);
  });

  it('without the arguments that Prisma prints, and with what was wrong about them', () => {
    const message = `\nInvalid \`tx.consent.create()\` invocation in\n/a.ts:1:2\n\n→ 1 create({\n  id: "${S}"\n})\n\nArgument \`scopes\` is missing.`;
    expect(wordsOf(named('PrismaClientValidationError', message)).message).toBe(
      'tx.consent.create(): Argument `scopes` is missing.',
    );
  });

  it('without the values of a Prisma error that comes from Postgres', () => {
    const message = `\nInvalid \`prisma.$executeRaw()\` invocation:\n\n\nRaw query failed: "${S}\n${S}"`;
    const cause = { originalCode: '22P02', originalMessage: `invalid: "${S}"` };
    const meta = { driverAdapterError: { cause } };
    const error = named('PrismaClientKnownRequestError', message, { code: 'P2010', meta });
    expect(describeError(error)).toMatchObject({
      message: 'prisma.$executeRaw(): P2010: the statement failed with SQLSTATE 22P02',
      errorCode: 'P2010',
    });
    expect(JSON.stringify(describeError(error))).not.toContain(S);
  });

  it('with frames of the stack alone, whose head has the message', () => {
    const { stack = '' } = describeError(
      named('PrismaClientUnknownRequestError', `"${S}"\n    at ${S}`),
    );
    expect(stack).toMatch(/^ {4}at .*error-words\.test\.ts/);
    expect(stack).not.toContain(S);
  });

  it('with its causes, as far as four, told in the same way', () => {
    let error = new Error('the last', { cause: errorOf(() => JSON.parse(S)) });
    for (let depth = 0; depth < 3; depth += 1)
      error = new Error(`outer ${depth}`, { cause: error });
    const text = JSON.stringify(describeError(error));
    expect(text).toContain('is not valid JSON');
    expect(text).not.toContain(S);
    const deep = new Error('one more', { cause: error });
    expect(JSON.stringify(describeError(new Error('and more', { cause: deep })))).not.toContain(
      'JSON',
    );
  });

  it('even if it is none', () => {
    expect(describeError('words')).toEqual({ type: 'string', message: 'words' });
    expect(describeError(null)).toEqual({ type: 'object', message: 'null' });
    expect(describeError({ message: 'x' })).toEqual({ type: 'object', message: 'x' });
  });
});

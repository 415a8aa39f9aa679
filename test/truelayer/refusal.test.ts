import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../src/truelayer/refusal.ts';
import { NOW, REFRESH_TOKEN, stillClock } from './client-of.ts';

function refusal(text: string, headers: Record<string, string> = {}, status = 429) {
  const call = { kind: 'account', endpoint: '/accounts/{id}/balance' } as const;
  return refusalOf(call, { status, headers: new Headers(headers), text }, stillClock);
}

describe('reading a refusal', () => {
  it('names endpoint, status, code and correlation id', () => {
    const error = refusal(
      '{"error":"sca_exceeded","error_description":"anything","error_details":{}}',
      { 'x-tl-correlation-id': 'tl-1' },
      403,
    );
    expect(error).toMatchObject({
      name: 'BankError',
      meaning: 'SCA_EXCEEDED',
      endpoint: '/accounts/{id}/balance',
      status: 403,
      code: 'sca_exceeded',
      reason: undefined,
      retryAfterSeconds: undefined,
      correlationId: 'tl-1',
    });
    expect(error.message).toBe('TrueLayer /accounts/{id}/balance: SCA_EXCEEDED (403 sca_exceeded)');
  });

  it('never goes by the text: the two 403s may carry the description of each other', () => {
    const swapped = '{"error":"access_denied","error_description":"SCA exemption has expired."}';
    expect(refusal(swapped, {}, 403).meaning).toBe('ACCESS_DENIED');
  });

  it.each([
    ['120', 120],
    [' 0 ', 0],
    ['86401', 86_400],
    ['315360000', 86_400],
    ['-1', undefined],
    ['1.5', undefined],
    ['abc', undefined],
    ['', undefined],
    ['99999999999999999999', undefined],
    [new Date(NOW.getTime() + 90_000).toUTCString(), 90],
    [new Date(NOW.getTime() - 90_000).toUTCString(), 0],
    ['Thu, 01 Mar 2036 12:00:00 GMT', 86_400],
    ['Xxx, 99 Yyy 2026 12:00:00 GMT', undefined],
    ['2026-03-01', undefined],
  ])('takes Retry-After %j as %s seconds', (header, seconds) => {
    expect(refusal('{}', { 'retry-after': header }).retryAfterSeconds).toBe(seconds);
  });

  it.each([
    ['HTML', '<html>502</html>'],
    ['nothing', ''],
    ['a list', '["error"]'],
    ['a number', '{"error": 7}'],
    ['a token', JSON.stringify({ error: REFRESH_TOKEN })],
    ['a sentence', '{"error": "No such thing"}'],
    ['a long word', JSON.stringify({ error: 'a'.repeat(61) })],
    ['a deep nest', '['.repeat(1_000)],
  ])('finds no code in %s', (_what, text) => {
    expect(refusal(text).code).toBeUndefined();
  });

  it('drops a correlation id that is not fit for a log line', () => {
    const header = { 'x-tl-correlation-id': 'a b <script>' };
    expect(refusal('{}', header).correlationId).toBeUndefined();
  });

  it('reads a problem document: the fields at fault by name, and its id of the call', () => {
    const problem = {
      type: 'https://docs.example/#errors',
      title: 'One or more validation errors occurred.',
      status: 400,
      instance: '/connections/extend',
      trace_id: '3dc845a2-93a2',
      errors: { ClientId: ['The ClientId field is required.'], 'User.Name': [REFRESH_TOKEN] },
    };
    const error = refusal(JSON.stringify(problem), {}, 400);
    expect(error).toMatchObject({
      meaning: 'REQUEST_REFUSED',
      code: undefined,
      fields: ['ClientId', 'User.Name'],
      correlationId: '3dc845a2-93a2',
    });
    expect(error.message).toBe(
      'TrueLayer /accounts/{id}/balance: REQUEST_REFUSED (400 ClientId User.Name)',
    );
    const header = { 'x-tl-correlation-id': 'tl-1' };
    expect(refusal(JSON.stringify(problem), header, 400).correlationId).toBe('tl-1');
  });

  it.each([
    ['a list', ['The ClientId field is required.']],
    ['a list of objects', [{ field: 'ClientId' }]],
    ['a token', { [REFRESH_TOKEN]: ['x'] }],
    ['a sentence', { 'no field': ['x'] }],
    ['nothing', null],
  ])('names no field for errors that are %s', (_what, errors) => {
    expect(refusal(JSON.stringify({ status: 400, errors }), {}, 400).fields).toEqual([]);
  });

  it('names five fields at most', () => {
    const errors = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => [name, []]));
    expect(refusal(JSON.stringify({ errors }), {}, 400).fields).toHaveLength(5);
  });

  it('drops a trace id that is not fit for a log line', () => {
    expect(refusal('{"trace_id":"a b <script>"}').correlationId).toBeUndefined();
  });
});

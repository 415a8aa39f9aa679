import { describe, expect, it } from 'vitest';
import { parseExactJson } from '../../src/truelayer/exact-json.ts';
import { resultsNoticeShape } from '../../src/truelayer/wire-results-notice.ts';
import { readWire } from './read-wire.ts';

describe('a results notice', () => {
  it('is read whole', () => {
    expect(
      readWire(resultsNoticeShape, {
        request_timestamp: '2026-03-01T12:00:00Z',
        request_uri: 'https://api.example/data/v1/accounts/a/transactions?async=true',
        results_uri: 'https://api.example/data/v1/results/t-1',
        credentials_id: 'a+b/c=',
        task_id: 't-1',
        status: 'Succeeded',
      }),
    ).toEqual({
      taskId: 't-1',
      status: 'SUCCEEDED',
      resultsUri: 'https://api.example/data/v1/results/t-1',
      requestUri: 'https://api.example/data/v1/accounts/a/transactions?async=true',
      credentialsId: 'a+b/c=',
      requestedAt: new Date('2026-03-01T12:00:00Z'),
    });
  });

  it('needs nothing but the task', () => {
    const wire = { task_id: 't-1', request_timestamp: '0001-01-01T00:00:00Z', results_uri: 'x' };
    expect(readWire(resultsNoticeShape, wire)).toEqual({
      taskId: 't-1',
      status: 'UNKNOWN',
      resultsUri: null,
      requestUri: null,
      credentialsId: null,
      requestedAt: null,
    });
  });

  it.each(['{}', '{"task_id":""}', '{"task_id":null}', '[]', 'null', '"t-1"'])(
    'is refused as %s',
    (body) => {
      expect(resultsNoticeShape.safeParse(parseExactJson(body)).success).toBe(false);
    },
  );
});

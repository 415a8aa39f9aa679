import { describe, expect, it } from 'vitest';
import { taskShape } from '../../src/truelayer/wire-task.ts';
import { readWire } from './read-wire.ts';

describe('a task', () => {
  it('is read as it was taken on', () => {
    expect(
      readWire(taskShape, {
        results_uri: 'https://api.example/data/v1/results/t-1',
        status: 'Queued',
        task_id: 't-1',
      }),
    ).toEqual({
      status: 'QUEUED',
      taskId: 't-1',
      resultsUri: 'https://api.example/data/v1/results/t-1',
      code: null,
    });
  });

  it.each([
    [{ status: 'Running' }, 'RUNNING', null],
    [{ status: 'Succeeded', results: [] }, 'SUCCEEDED', null],
    [{ status: 'Failed' }, 'FAILED', null],
    [{ status: 'Failed', error: 'provider_timeout' }, 'FAILED', 'provider_timeout'],
    [{ status: 'Failed', error: 'No such thing' }, 'FAILED', null],
    [{ status: 'Paused' }, 'PAUSED', null],
    [{ results: [] }, 'SUCCEEDED', null],
    [{ error: 'sca_exceeded', error_description: 'Too late.' }, 'FAILED', 'sca_exceeded'],
    [{ error: 'sca_exceeded', results: [] }, 'FAILED', 'sca_exceeded'],
    [{}, 'UNKNOWN', null],
    [{ status: null, results: {} }, 'UNKNOWN', null],
  ])('that answers %j is %s with the code %s', (wire, status, code) => {
    expect(readWire(taskShape, wire)).toEqual({ status, taskId: null, resultsUri: null, code });
  });

  it.each(['ftp://api.example/t-1', 'http://api.example/t-1', 'results/t-1', '', null])(
    'has no results address in %j',
    (results_uri) => {
      expect(readWire(taskShape, { status: 'Queued', results_uri }).resultsUri).toBeNull();
    },
  );
});

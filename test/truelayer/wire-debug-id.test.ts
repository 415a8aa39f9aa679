import { describe, expect, it } from 'vitest';
import { debugIdShape } from '../../src/truelayer/wire-debug-id.ts';
import { readWire } from './read-wire.ts';

describe('a debug id', () => {
  it('is read with the connection it stands for', () => {
    const wire = { credentials_id: 'a+b/c=', debug_id: 'ob-bank|U1N3', provider_id: 'ob-bank' };
    expect(readWire(debugIdShape, wire)).toEqual({
      debugId: 'ob-bank|U1N3',
      credentialsId: 'a+b/c=',
      providerId: 'ob-bank',
    });
  });

  it('may stand alone, and is refused where it lacks', () => {
    expect(readWire(debugIdShape, { debug_id: 'd' })).toEqual({
      debugId: 'd',
      credentialsId: null,
      providerId: null,
    });
    expect(debugIdShape.safeParse({ credentials_id: 'a', provider_id: 'b' }).success).toBe(false);
  });
});

import { describe, expect, it } from 'vitest';
import { parseExactJson } from '../../src/truelayer/exact-json.ts';
import { trackedEventShape } from '../../src/truelayer/wire-tracked-event.ts';
import { readWire } from './read-wire.ts';

describe('a tracked event', () => {
  it('is read whole', () => {
    expect(
      readWire(trackedEventShape, {
        name: 'provider_authorized',
        time: '2026-03-01T10:24:23.2101347Z',
        flow_id: 'auth-1',
        credentials_id: 'a+b/c=',
        consent_id: 'consent-1',
        reauth: false,
        provider_id: 'ob-bank',
      }),
    ).toEqual({
      name: 'PROVIDER_AUTHORIZED',
      happenedAt: new Date('2026-03-01T10:24:23.210Z'),
      flowId: 'auth-1',
      credentialsId: 'a+b/c=',
      consentId: 'consent-1',
      reauth: false,
      providerId: 'ob-bank',
    });
  });

  it('needs nothing but its time', () => {
    expect(
      readWire(trackedEventShape, { time: '2026-03-01T10:24:23Z', reauth: 'perhaps' }),
    ).toEqual({
      name: 'UNKNOWN',
      happenedAt: new Date('2026-03-01T10:24:23Z'),
      flowId: null,
      credentialsId: null,
      consentId: null,
      reauth: null,
      providerId: null,
    });
    const wire = parseExactJson('{"name":"dialog_started","time":"soon"}');
    expect(trackedEventShape.safeParse(wire).success).toBe(false);
  });
});

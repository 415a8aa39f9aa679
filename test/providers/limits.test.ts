import { expect, it } from 'vitest';
import { consentDays } from '../../src/providers/limits.ts';
import { BANKS } from '../../src/simulator/banks/banks.ts';

it.each([
  ['ob-monzo', 'uk', '', 90],
  ['ob-monzo', 'GB', '', 90],
  ['xs2a-n26-de', 'de', '', 180],
  ['xs2a-n26-de', 'DE', '', 180],
  ['somewhere', 'no', '', 180],
  ['somewhere', 'ch', '', 90],
  ['somewhere', null, '', 90],
  [null, null, '', 90],
  // What is said of a provider goes before its country, and that before the whole area.
  ['xs2a-n26-de', 'de', 'eea:120', 120],
  ['xs2a-n26-de', 'de', 'eea:120 de:100', 100],
  ['xs2a-n26-de', 'de', 'eea:120 de:100 xs2a-n26-de:60', 60],
  ['ob-monzo', 'uk', 'eea:120', 90],
  ['ob-monzo', 'uk', 'uk:180', 180],
])('a consent at %s in %s, configured %j, lasts %i days', (providerId, country, text, days) => {
  const configured = new Map(
    text
      .split(' ')
      .filter(Boolean)
      .map((pair) => [pair.split(':')[0] ?? '', Number(pair.split(':')[1])] as const),
  );
  expect(consentDays({ providerId, country }, configured)).toBe(days);
});

it('is never believed to last longer than at any simulated bank', () => {
  const longer = BANKS.filter(
    ({ id, country, consentSeconds }) =>
      consentDays({ providerId: id, country }, new Map()) * 86_400 > consentSeconds,
  );
  expect(longer).toEqual([]);
});

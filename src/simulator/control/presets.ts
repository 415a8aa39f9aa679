import type { BankTraits } from '../banks/bank.ts';
import type { Fault } from '../faults.ts';
import type { World } from '../world.ts';

/** A world in which one screen of an app is built. */
interface Preset {
  readonly description: string;
  /** What becomes of every bank. */
  readonly all?: Partial<BankTraits>;
  /** What becomes of single ones, by provider id. */
  readonly some?: Readonly<Record<string, Partial<BankTraits>>>;
  readonly faults?: readonly Fault[];
}

const DAY_SECONDS = 86_400;

/** Every preset by its name. */
export const PRESETS = {
  empty: {
    description: 'Accounts were opened a moment ago: no transactions, balances of zero.',
    all: { tempo: 0 },
  },
  typical: { description: 'People as they are. The same as no preset.' },
  expiring: {
    description: 'Consents end after three days, access tokens after five minutes.',
    all: { consentSeconds: 3 * DAY_SECONDS, accessTokenSeconds: 300 },
  },
  'bank-down': {
    description: 'Lloyds and Monzo answer nothing, Barclays every second time.',
    some: { 'ob-lloyds': { healthy: false }, 'ob-monzo': { healthy: false } },
    faults: [
      {
        path: /^\/data\/v1\/(?:accounts|cards|info)/,
        providerId: 'ob-barclays',
        times: Infinity,
        probability: 0.5,
        status: 504,
      },
    ],
  },
  're-consent': {
    description: 'Consents end after ten minutes, and renewal gives accounts other ids.',
    all: { consentSeconds: 600, accountIds: 'per-consent' },
  },
  busy: {
    description: 'Five times as much happens, and every bank has a joint account.',
    all: { tempo: 5, joint: true },
  },
} as const satisfies Readonly<Record<string, Preset>>;

/** The name of a preset. */
export type PresetName = keyof typeof PRESETS;

/** True for the name of a preset. */
export function isPresetName(name: string): name is PresetName {
  return Object.hasOwn(PRESETS, name);
}

/** Makes a world of that kind, on top of whatever was changed before. */
export function applyPreset({ banks, faults }: World, name: PresetName): void {
  const preset: Preset = PRESETS[name];
  for (const { id } of banks.all) {
    banks.adjust(id, { ...preset.all, ...preset.some?.[id] });
  }
  for (const fault of preset.faults ?? []) faults.order(fault);
}

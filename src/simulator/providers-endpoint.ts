import { DAY, type Clock } from '../base/clock.ts';
import { jsonAnswer, type Answer } from './answer.ts';
import type { Bank } from './bank.ts';
import { BANKS } from './banks.ts';
import { words } from './fields.ts';
import type { Wire } from './wire.ts';
import type { SimulatorRequest, World } from './world.ts';

/**
 * `GET /api/providers`: a bare array of the banks that support all `scopes` and lie in one of the
 * `country` list; none for a `clientId` that is not ours.
 */
export function answerProviders(world: World, request: SimulatorRequest): Answer {
  const { query } = request;
  const clientId = query.get('clientId');
  const scopes = words(query.get('scopes'));
  const countries = words(query.get('country'));
  const banks = BANKS.filter(
    (bank) =>
      (clientId === null || clientId === world.client.id) &&
      scopes.every((scope) => bank.scopes.includes(scope)) &&
      (countries.length === 0 || countries.includes(bank.country)),
  );
  return jsonAnswer(
    200,
    banks.map((bank) => wireProvider(bank, world.url, world.clock)),
  );
}

function wireProvider(bank: Bank, baseUrl: string, clock: Clock): Wire {
  const today = Math.floor(clock.now() / DAY) * DAY;
  return {
    provider_id: bank.id,
    display_name: bank.name,
    country: bank.country,
    logo_url: `${baseUrl}/logos/${bank.id}.svg`,
    scopes: bank.scopes,
    ...(bank.branches === undefined ? {} : { steps: [branchStep(bank.branches)] }),
    availability: {
      recommended_status: 'healthy',
      updated_at: new Date(today).toISOString(),
    },
  };
}

function branchStep(branches: NonNullable<Bank['branches']>): Wire {
  return {
    title: 'OAuthRedirect',
    fields: [
      {
        type: 'SingleChoiceField',
        id: 'branch-name',
        display_name: 'Branch',
        help_text: 'Select the branch of your bank',
        mandatory: true,
        values: branches.map(([value, name]) => ({ value, display_name: name })),
      },
    ],
  };
}

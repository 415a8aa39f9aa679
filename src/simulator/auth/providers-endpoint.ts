import { DAY, type Clock } from '../../base/clock.ts';
import { jsonAnswer, type Answer } from '../answer.ts';
import { accessOf, type BankAccess } from '../banks/bank-access.ts';
import type { Bank } from '../banks/bank.ts';
import { words } from '../fields.ts';
import type { Wire } from '../data/wire.ts';
import type { World } from '../world.ts';

/** The field of `steps` that asks for a branch, and its name among `auth_inputs`. */
export const BRANCH_FIELD = 'branch-name';

/** The list of all banks, and the older ones of those with one kind of access. */
export const PROVIDER_LISTS: ReadonlyMap<string, BankAccess | 'any'> = new Map([
  ['/api/providers', 'any'],
  ['/api/providers/oauth/openbanking', 'open-banking'],
  ['/api/providers/oauth', 'oauth'],
  ['/api/providers/credentialssharing', 'credentials-sharing'],
]);

/**
 * `GET /api/providers`: a bare array of the banks that support all `scopes` and lie in one of the
 * `country` list; none for a `clientId` that is not ours.
 */
export function answerProviders(
  world: World,
  query: URLSearchParams,
  access: BankAccess | 'any',
): Answer {
  const clientId = query.get('clientId');
  const scopes = words(query.get('scopes'));
  const countries = words(query.get('country'));
  const banks = world.banks.all.filter(
    (bank) =>
      (access === 'any' || access === accessOf(bank)) &&
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
      recommended_status: bank.healthy ? 'healthy' : 'unhealthy',
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
        id: BRANCH_FIELD,
        display_name: 'Branch',
        help_text: 'Select the branch of your bank',
        mandatory: true,
        values: branches.map(([value, name]) => ({ value, display_name: name })),
      },
    ],
  };
}

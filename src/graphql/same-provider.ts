import { SameProviderError } from '../consents/same-provider.ts';
import { builder } from './builder.ts';
import { Consent } from './consent.ts';
import { MutationError } from './errors.ts';

builder.objectType(SameProviderError, {
  name: 'SameProviderLinked',
  interfaces: [MutationError],
  description:
    'The bank is linked already. Renew that consent, or ask again with `acknowledgeSameProvider` where the user has another login there. Code: `SAME_PROVIDER_LINKED`.',
  fields: (t) => ({
    consents: t.field({
      type: [Consent],
      description: 'The consents there, newest first, those that have to be renewed included.',
      resolve: async ({ consentIds }, _args, { loaders }) => {
        const found = await Promise.all(consentIds.map((id) => loaders.consents.load(id)));
        return found.filter((consent) => consent !== null);
      },
    }),
  }),
});

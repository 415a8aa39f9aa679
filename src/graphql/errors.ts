import type { ExpectedError } from '../base/errors.ts';
import { AuthLinkError } from '../consents/link-error.ts';
import { AuthLinkRefusedError } from '../consents/link.ts';
import { builder } from './builder.ts';

const MutationError = builder.interfaceRef<ExpectedError>('Error').implement({
  description: 'Why a mutation could not do what was asked.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'For programs: never renamed.' }),
    message: t.exposeString('message', { description: 'For people who develop with this API.' }),
  }),
});

builder.objectType(AuthLinkRefusedError, {
  name: 'AuthLinkRefused',
  interfaces: [MutationError],
  description:
    'The link cannot be made as asked. Codes: `PROVIDER_UNKNOWN`, `SCOPES_REFUSED`, `REDIRECT_URI_REFUSED`, `RETURN_TO_REFUSED`, `CONTEXT_TOO_LONG`.',
});

builder.objectType(AuthLinkError, {
  name: 'AuthLinkNotCompleted',
  interfaces: [MutationError],
  description:
    'The link cannot be completed. Codes: `AUTH_LINK_UNKNOWN`, `AUTH_LINK_OF_ANOTHER_VIEWER`, `AUTH_LINK_EXPIRED`, `AUTH_LINK_IN_PROGRESS`, `AUTH_LINK_CANCELLED`, `CODE_REFUSED`, `BANK_REFUSED`, `BANK_UNAVAILABLE`, `SERVER_MISCONFIGURED`.',
});

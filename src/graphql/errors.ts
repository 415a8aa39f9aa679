import type { ExpectedError } from '../base/errors.ts';
import { AlertUnknownError } from '../consents/alerts.ts';
import { AuthLinkError, LINK_ERRORS } from '../consents/link-error.ts';
import { AuthLinkRefusedError } from '../consents/link-request.ts';
import { ConsentUnknownError } from '../consents/revoke.ts';
import { TimeZoneUnknownError } from '../consents/viewer-zone.ts';
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

builder.objectType(ConsentUnknownError, {
  name: 'ConsentUnknown',
  interfaces: [MutationError],
  description: 'The viewer has no such consent. Code: `CONSENT_UNKNOWN`.',
});

builder.objectType(AlertUnknownError, {
  name: 'AlertUnknown',
  interfaces: [MutationError],
  description: 'The viewer has no such alert. Code: `ALERT_UNKNOWN`.',
});

builder.objectType(TimeZoneUnknownError, {
  name: 'TimeZoneUnknown',
  interfaces: [MutationError],
  description: 'There is no time zone of this name. Code: `TIME_ZONE_UNKNOWN`.',
});

builder.objectType(AuthLinkError, {
  name: 'AuthLinkNotCompleted',
  interfaces: [MutationError],
  description: `The link cannot be completed. Codes: ${Object.keys(LINK_ERRORS)
    .map((code) => `\`${code}\``)
    .join(', ')}.`,
  fields: (t) => ({
    userMessage: t.exposeString('userMessage', {
      description: 'For the user, in plain English: what happened and what they can do.',
    }),
  }),
});

import {
  AccountMergedError,
  AccountNameRefusedError,
  AccountNotMergedError,
  AccountsNotMergeableError,
  AccountUnknownError,
  MERGE_REFUSALS,
} from '../accounts/account-error.ts';
import type { ExpectedError } from '../base/errors.ts';
import { AlertUnknownError } from '../consents/alerts.ts';
import { AuthLinkError, LINK_ERRORS } from '../consents/link-error.ts';
import { AuthLinkRefusedError } from '../consents/link-request.ts';
import { RenewalRefusedError } from '../consents/renew.ts';
import { ConsentUnknownError } from '../consents/revoke.ts';
import { DeadLetterRefusedError } from '../dead-letters/dead-letters.ts';
import { RESYNC_REFUSALS, ResyncRefusedError } from '../history/resync.ts';
import { TimeZoneUnknownError } from '../consents/viewer-zone.ts';
import { WebhookRefusedError, WebhookUnknownError } from '../webhooks/endpoint-wish.ts';
import { builder } from './builder.ts';

/** What every named error of a mutation has. */
export const MutationError = builder.interfaceRef<ExpectedError>('Error').implement({
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
    'The link cannot be made as asked. Codes: `PROVIDER_UNKNOWN`, `SCOPES_REFUSED`, `REDIRECT_URI_REFUSED`, `RETURN_TO_REFUSED`, `CONTEXT_TOO_LONG`, `TEXT_VERSION_REFUSED`, `PERMISSIONS_NOT_ACCEPTED`, `ERASURE_UNDER_WAY`.',
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

builder.objectType(AccountUnknownError, {
  name: 'AccountUnknown',
  interfaces: [MutationError],
  description: 'The viewer has no such account. Code: `ACCOUNT_UNKNOWN`.',
});

builder.objectType(AccountsNotMergeableError, {
  name: 'AccountsNotMergeable',
  interfaces: [MutationError],
  description: `Two accounts cannot be made one. Codes: ${Object.keys(MERGE_REFUSALS)
    .map((code) => `\`${code}\``)
    .join(', ')}.`,
});

builder.objectType(AccountMergedError, {
  name: 'AccountMerged',
  interfaces: [MutationError],
  description:
    'The account is merged into another, which is to be changed in its stead. Code: `ACCOUNT_MERGED`.',
});

builder.objectType(AccountNotMergedError, {
  name: 'AccountNotMerged',
  interfaces: [MutationError],
  description:
    'The account is neither merged into another nor proposed to be. Code: `ACCOUNT_NOT_MERGED`.',
});

builder.objectType(AccountNameRefusedError, {
  name: 'AccountNameRefused',
  interfaces: [MutationError],
  description: 'An account cannot go by that name. Code: `ACCOUNT_NAME_REFUSED`.',
});

builder.objectType(RenewalRefusedError, {
  name: 'RenewalRefused',
  interfaces: [MutationError],
  description:
    'The consent cannot be renewed as asked. Codes: `CONSENT_REVOKED` (connect the bank anew instead), `CONSENT_OF_ANOTHER_ENVIRONMENT`, `SCOPES_DIFFER`, `TEXT_VERSION_REFUSED`, `PERSON_INCOMPLETE`.',
});

builder.objectType(WebhookRefusedError, {
  name: 'WebhookRefused',
  interfaces: [MutationError],
  description:
    'The endpoint cannot be as asked. Codes: `URL_REFUSED`, `ADDRESS_REFUSED`, `DESCRIPTION_TOO_LONG`, `TOO_MANY_ENDPOINTS`, `SECRET_CHANGED`.',
});

builder.objectType(WebhookUnknownError, {
  name: 'WebhookUnknown',
  interfaces: [MutationError],
  description:
    'There is no such endpoint or delivery. Codes: `WEBHOOK_ENDPOINT_UNKNOWN`, `WEBHOOK_DELIVERY_UNKNOWN`.',
});

builder.objectType(DeadLetterRefusedError, {
  name: 'DeadLetterRefused',
  interfaces: [MutationError],
  description:
    'There is none of these dead letters, or nothing to do with them. Codes: `DEAD_LETTER_UNKNOWN`, `DEAD_LETTER_JOB_UNKNOWN`, `DEAD_LETTERS_TOO_MANY`.',
});

builder.objectType(ResyncRefusedError, {
  name: 'ResyncRefused',
  interfaces: [MutationError],
  description: `It cannot be read again. Codes: ${Object.keys(RESYNC_REFUSALS)
    .map((code) => `\`${code}\``)
    .join(', ')}.`,
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

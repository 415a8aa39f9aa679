import { linkCookie } from '../consents/link-cookie.ts';
import { AuthLinkRefusedError } from '../consents/link-request.ts';
import { renewConsent, RenewalRefusedError, type RenewalOutcome } from '../consents/renew.ts';
import { ConsentUnknownError } from '../consents/revoke.ts';
import { AccountConnection, accountPageOf, toAccountPage } from './account.ts';
import { IssuedLink } from './auth-link.ts';
import { builder } from './builder.ts';
import { pageComplexity, UUID } from './connection.ts';
import { requireViewer } from './context.ts';
import { pageArguments } from './page-arguments.ts';
import { ConsentWay } from './receipt.ts';
import { wayBackFields } from './way-back-fields.ts';

type Renewed = Extract<RenewalOutcome, { readonly link: null }>;
type ByLink = Exclude<RenewalOutcome, Renewed>;

const ConsentRenewed = builder.objectRef<Renewed>('ConsentRenewed').implement({
  description: 'The consent goes on already: the user need not go to the bank.',
  fields: (t) => ({
    consent: t.prismaField({
      type: 'Consent',
      description: 'The consent, with its new dates.',
      resolve: (query, { consentId }, _args, { reader }) =>
        reader.consent.findUniqueOrThrow({ ...query, where: { id: consentId } }),
    }),
  }),
});

const RenewalLink = builder.objectRef<ByLink>('RenewalLink').implement({
  description:
    'The user has to go to the bank. Until they are back the consent stays as it is; if they cancel, it stays so.',
  fields: (t) => ({
    link: t.field({
      type: IssuedLink,
      description: 'Where to send them. They come back as by any link.',
      resolve: ({ link }) => link,
    }),
    way: t.field({
      type: ConsentWay,
      description: 'Whether the connection is extended, or given anew by an auth link.',
      resolve: ({ way }) => way,
    }),
    consent: t.prismaField({
      type: 'Consent',
      description: 'The consent, as it stands.',
      resolve: (query, { consentId }, _args, { reader }) =>
        reader.consent.findUniqueOrThrow({ ...query, where: { id: consentId } }),
    }),
    accounts: t.field({
      type: AccountConnection,
      description:
        'The accounts now linked: tell the user to choose the same ones, if the bank asks which to share.',
      args: pageArguments,
      complexity: pageComplexity,
      resolve: async ({ consentId }, args, { loaders }) => {
        const rows = await loaders.accountPages.load({ consentId, ...accountPageOf(args) });
        return toAccountPage(rows, args);
      },
    }),
  }),
});

const ReconfirmationInput = builder.inputType('ReconfirmationInput', {
  description: 'What the user has confirmed on a screen of your own. It is kept as a receipt.',
  fields: (t) => ({
    textVersion: t.string({
      required: true,
      description:
        'Which text they read: the `version` of `scopeTexts`, or a name of your own, up to 100 characters.',
    }),
    scopes: t.stringList({
      required: true,
      description: 'What they go on allowing: the `scopes` of the consent, in any order.',
    }),
  }),
});

const PersonInput = builder.inputType('PersonInput', {
  description: 'Who the user is. It is told to TrueLayer and kept nowhere.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'Their name.' }),
    email: t.string({ description: 'Their e-mail address; this or a phone number is needed.' }),
    phone: t.string({ description: 'Their phone number, with the country: `+44…`.' }),
  }),
});

const RenewConsentInput = builder.inputType('RenewConsentInput', {
  description: 'Which consent is to go on, and with what.',
  fields: (t) => ({
    consentId: t.globalID({ required: true, description: 'The `id` of a consent.' }),
    reconfirmation: t.field({
      type: ReconfirmationInput,
      required: true,
      description: 'What the user has confirmed.',
    }),
    person: t.field({
      type: PersonInput,
      description:
        'Who the user is: TrueLayer wants to know it for extending a connection. Without it the user goes by an auth link.',
    }),
    ...wayBackFields(t),
  }),
});

builder.mutationField('renewConsent', (t) =>
  t.errorUnionField({
    types: [
      ConsentRenewed,
      RenewalLink,
      ConsentUnknownError,
      RenewalRefusedError,
      AuthLinkRefusedError,
    ],
    union: {
      name: 'RenewConsentResult',
      description: 'The renewed consent, the link that renews it, or why neither.',
      resolveType: (outcome) =>
        (outcome as RenewalOutcome).link === null ? 'ConsentRenewed' : 'RenewalLink',
    },
    description:
      'Lets a consent go on for another period, in the smoothest way there is, also one that has ended otherwise than by its user. It stays the consent that it is, with its accounts and history. Ask from the browser that will follow the link, credentials included, as for `authLink`.',
    args: {
      input: t.arg({ type: RenewConsentInput, required: true, description: 'The consent.' }),
    },
    resolve: async (_parent, { input }, context) => {
      const viewer = requireViewer(context);
      const { consentId: id, ...wishes } = input;
      if (id.typename !== 'Consent' || !UUID.test(id.id)) throw new ConsentUnknownError();
      const request = { ...wishes, consentId: id.id, psuIp: context.clientIp };
      const outcome = await renewConsent(context.app, viewer, request);
      if (outcome.link !== null) context.cookies.push(linkCookie(context.app.config, outcome.link));
      return outcome;
    },
  }),
);

import { takeAnswer } from '../consents/complete.ts';
import { AuthLinkError, authLinkError } from '../consents/link-error.ts';
import { type IssuedAuthLink, issueAuthLink } from '../consents/link.ts';
import { linkCookie } from '../consents/link-cookie.ts';
import { AuthLinkRefusedError } from '../consents/link-request.ts';
import { findLinkByState } from '../consents/find-link.ts';
import { SameProviderError } from '../consents/same-provider.ts';
import { readAnswer, recordReturn } from '../consents/way-back.ts';
import type { Consent } from '../generated/prisma/client.ts';
import { builder } from './builder.ts';
import { Consent as ConsentType } from './consent.ts';
import { NIL_UUID, UUID } from './connection.ts';
import { requireViewer } from './context.ts';
import { wayBackFields } from './way-back-fields.ts';

const AuthLinkStatus = builder.enumType('AuthLinkStatus', {
  description: 'How far a link has come.',
  values: {
    OPEN: { description: 'The user has not come back yet.' },
    CLAIMED: { description: 'The user is back, and the bank is being asked.' },
    COMPLETED: { description: 'There is a consent.' },
    CANCELLED: { description: 'The user cancelled at the bank.' },
    FAILED: { description: 'It came to nothing: `code` says why.' },
    ABANDONED: { description: 'Nobody came back before it expired.' },
  },
});

const AuthLink = builder.prismaNode('AuthLink', {
  description: 'A way to the bank: good for one use within 45 minutes.',
  id: {
    field: 'id',
    description: 'Its id: what `link` says in the address that the user comes back to.',
  },
  nullable: true,
  findUnique: (id) => ({ id: UUID.test(id) ? id : NIL_UUID }),
  fields: (t) => ({
    status: t.expose('status', { type: AuthLinkStatus, description: 'How far it has come.' }),
    code: t.exposeString('errorCode', {
      nullable: true,
      description: 'Why it failed, a code of `AuthLinkNotCompleted`; null where it did not.',
    }),
    userMessage: t.string({
      nullable: true,
      description: 'The same for the user, in plain English; null where it did not fail.',
      resolve: ({ errorCode }) => errorCode && authLinkError(errorCode).userMessage,
    }),
    context: t.exposeString('context', {
      nullable: true,
      description: 'What `authLink` was given as context; null if nothing.',
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      description: 'Until when the user has to be back.',
    }),
    consent: t.field({
      type: ConsentType,
      nullable: true,
      description: 'What it was completed to, or has renewed; null until then.',
      select: (_args, _context, nestedSelection) => ({
        consent: nestedSelection(true),
        renews: nestedSelection(true),
      }),
      resolve: ({ status, consent, renews }) => consent ?? (status === 'COMPLETED' ? renews : null),
    }),
  }),
});

builder.queryField('authLink', (t) =>
  t.prismaField({
    type: AuthLink,
    nullable: true,
    description: 'What became of a link, by its id; null if the viewer has none such.',
    args: { id: t.arg.globalID({ required: true, description: 'The `id` of a link.' }) },
    resolve: (query, _parent, { id }, context) => {
      requireViewer(context);
      if (id.typename !== 'AuthLink' || !UUID.test(id.id)) return null;
      return context.reader.authLink.findUnique({ ...query, where: { id: id.id } });
    },
  }),
);

/** The `IssuedAuthLink` type. */
export const IssuedLink = builder.objectRef<IssuedAuthLink>('IssuedAuthLink').implement({
  description: 'A link to send the user along.',
  fields: (t) => ({
    id: t.globalID({
      description: 'The id of the link: what `link` will say in the address of the way back.',
      resolve: ({ id }) => ({ type: 'AuthLink', id }),
    }),
    url: t.exposeString('url', {
      description:
        'Where to send the user, in a full page: banks refuse to be framed. An address of this server, which leads on to the bank while the link is open.',
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      description: 'Until when the user has to be back.',
    }),
  }),
});

const AuthLinkInput = builder.inputType('AuthLinkInput', {
  description: 'What to ask the user for, and where to bring them back to.',
  fields: (t) => ({
    providerId: t.string({
      description: "The user's bank, `ob-monzo`: skips the choice of bank. Any bank if not given.",
    }),
    providers: t.stringList({
      description:
        'Banks or groups to choose from, such as `uk-ob-all`. With `providerId` they must cover it.',
    }),
    scopes: t.stringList({
      description: 'What to ask for; everything that the bank offers if not given.',
    }),
    ...wayBackFields(t),
    acknowledgeSameProvider: t.boolean({
      description:
        'True where a second login at a bank is meant that is linked already: without it, `providerId` of such a bank gets the answer `SameProviderLinked`.',
    }),
    acceptedScopes: t.stringList({
      description:
        'What the user accepted on a screen of your own: all that the link asks for. Needed where the server runs with `TRUELAYER_PERMISSIONS=own`.',
    }),
    textVersion: t.string({
      description:
        'Which text the user read, for the receipt: up to 100 characters. That of `scopeTexts` if not given; needed with `TRUELAYER_PERMISSIONS=own`.',
    }),
  }),
});

builder.mutationField('authLink', (t) =>
  t.field({
    type: IssuedLink,
    description:
      'Makes a link to a bank. Ask from the browser that will follow it, credentials included: the cookie of the answer lets that browser alone complete it at `/callback`.',
    errors: {
      types: [AuthLinkRefusedError, SameProviderError],
      directResult: true,
      union: { name: 'AuthLinkResult', description: 'The link, or why there is none.' },
    },
    args: { input: t.arg({ type: AuthLinkInput, required: true, description: 'The wishes.' }) },
    resolve: async (_parent, { input }, context) => {
      const viewer = requireViewer(context);
      const link = await issueAuthLink(context.app, viewer, { ...input, psuIp: context.clientIp });
      context.cookies.push(linkCookie(context.app.config, link));
      return link;
    },
  }),
);

/** A completed link. */
interface Completion {
  readonly consent: Consent;
  readonly context: string | null;
}

const CompletedConsent = builder.objectRef<Completion>('CompletedConsent').implement({
  description: 'A completed consent. Its accounts and history arrive from now on.',
  fields: (t) => ({
    consent: t.prismaField({
      type: 'Consent',
      description: 'The consent: follow it by the subscription of that name.',
      resolve: (query, { consent }, _args, { reader }) =>
        reader.consent.findUniqueOrThrow({ ...query, where: { id: consent.id } }),
    }),
    context: t.exposeString('context', {
      nullable: true,
      description: 'What `authLink` was given as context; null if nothing.',
    }),
  }),
});

const CompleteConsentInput = builder.inputType('CompleteConsentInput', {
  description: 'What the bank sent the user back with: a code, or an error instead.',
  fields: (t) => ({
    code: t.string({ description: 'The parameter `code` of the address, if it has one.' }),
    error: t.string({
      description:
        'The parameter `error` of the address, if it has one: the link is then ended, and the answer is why.',
    }),
    state: t.string({ required: true, description: 'The parameter `state` of the address.' }),
    iss: t.string({ description: 'The parameter `iss` of the address, if it has one.' }),
  }),
});

builder.mutationField('completeConsent', (t) =>
  t.field({
    type: CompletedConsent,
    description:
      'Completes a link where the app itself received the user back. Only for the viewer who began it; the same code, repeated, gets the same answer.',
    errors: {
      types: [AuthLinkError],
      directResult: true,
      union: { name: 'CompleteConsentResult', description: 'The consent, or why there is none.' },
    },
    args: {
      input: t.arg({
        type: CompleteConsentInput,
        required: true,
        description: 'The parameters of the address.',
      }),
    },
    resolve: async (_parent, { input }, context) => {
      const viewer = requireViewer(context);
      const { app, reader } = context;
      const link = await findLinkByState(app, input.state);
      if (link === null) throw authLinkError('AUTH_LINK_UNKNOWN');
      const { code = null, error = null, iss } = input;
      const answer = readAnswer(app, code, error, typeof iss === 'string' ? [iss] : []);
      await recordReturn(app, link);
      if (link.viewerId !== viewer.id) throw authLinkError('AUTH_LINK_OF_ANOTHER_VIEWER');
      const id = await takeAnswer(app, link, answer);
      const consent = await reader.consent.findUniqueOrThrow({ where: { id } });
      return { consent, context: link.context };
    },
  }),
);

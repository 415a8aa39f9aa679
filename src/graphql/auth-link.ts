import { completeLink, findLinkByState } from '../consents/complete.ts';
import { AuthLinkError, authLinkError } from '../consents/link-error.ts';
import { AuthLinkRefusedError, type IssuedAuthLink, issueAuthLink } from '../consents/link.ts';
import { linkCookie } from '../consents/link-cookie.ts';
import type { Consent } from '../generated/prisma/client.ts';
import { builder } from './builder.ts';
import { requireViewer } from './context.ts';

const AuthLink = builder.objectRef<IssuedAuthLink>('AuthLink').implement({
  description: 'A way to the bank: good for one use within 45 minutes.',
  fields: (t) => ({
    linkId: t.exposeString('id', {
      description: 'What `link` says in the address that the user comes back to.',
    }),
    url: t.exposeString('url', {
      description: 'Where to send the user, in a full page: banks refuse to be framed.',
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
      description: 'Banks or groups to choose from, such as `uk-ob-all`, where no bank is given.',
    }),
    scopes: t.stringList({
      description: 'What to ask for; everything that the bank offers if not given.',
    }),
    redirectUri: t.string({
      description:
        "One of this server's registered addresses: its own `/callback`, or a page of the app that then calls `completeConsent`.",
    }),
    returnTo: t.string({
      description:
        'Where `/callback` sends the user in the end, with `link`, `result` and `code`; one of the configured addresses.',
    }),
    context: t.string({ description: "Up to 1 KB of the app's own, handed back with the result." }),
    locale: t.string({ description: "The user's language, `en-GB`." }),
  }),
});

builder.mutationField('authLink', (t) =>
  t.field({
    type: AuthLink,
    description:
      'Makes a link to a bank. Ask from the browser that will follow it, credentials included: the cookie of the answer lets that browser alone complete it at `/callback`.',
    errors: {
      types: [AuthLinkRefusedError],
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
  description: 'What the bank sent the user back with.',
  fields: (t) => ({
    code: t.string({ required: true, description: 'The parameter `code` of the address.' }),
    state: t.string({ required: true, description: 'The parameter `state` of the address.' }),
  }),
});

builder.mutationField('completeConsent', (t) =>
  t.field({
    type: CompletedConsent,
    description:
      'Completes a link where the app itself received the user back. Only for the viewer who began it; a repeat answers as the first time did.',
    errors: {
      types: [AuthLinkError],
      directResult: true,
      union: { name: 'CompleteConsentResult', description: 'The consent, or why there is none.' },
    },
    args: {
      input: t.arg({ type: CompleteConsentInput, required: true, description: 'Code and state.' }),
    },
    resolve: async (_parent, { input }, context) => {
      const viewer = requireViewer(context);
      const { app, reader } = context;
      const link = await findLinkByState(app, input.state);
      if (link === null) throw authLinkError('AUTH_LINK_UNKNOWN');
      if (link.viewerId !== viewer.id) throw authLinkError('AUTH_LINK_OF_ANOTHER_VIEWER');
      const id = await completeLink(app, link, input.code);
      const consent = await reader.consent.findUniqueOrThrow({ where: { id } });
      return { consent, context: link.context };
    },
  }),
);

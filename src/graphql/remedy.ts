import type { KnownTrouble } from '../consents/trouble-remedy.ts';
import { accountAdvice } from '../consents/trouble-remedy.ts';
import type { AccountRow } from '../accounts/read.ts';
import { nowOf } from '../base/clock.ts';
import type { Trouble as TroubleRow } from '../generated/prisma/client.ts';
import { Account } from './account-ref.ts';
import { builder } from './builder.ts';
import { Consent } from './consent.ts';
import type { Context } from './context.ts';

/** The `Remedy` type. */
export const Remedy = builder.enumType('Remedy', {
  description: 'What mends a consent or an account, and so who can.',
  values: {
    NONE: { description: 'It is well.' },
    WAIT: {
      description: 'It heals by itself: it is tried again and again. Nobody need do anything.',
    },
    RENEW: { description: 'The user confirms the consent again: `renewConsent`.' },
    RECONNECT: {
      description: 'It cannot be renewed: the user connects the bank anew, by `authLink`.',
    },
    CONTACT_BANK: { description: 'The user has to do something at the bank, or ask it.' },
    OPERATOR: { description: 'Whoever runs this server has to mend it, and is told by an alarm.' },
  } as const,
});

const ENDPOINTS = {
  BALANCE: { description: 'The balance of an account.' },
  TRANSACTIONS: { description: 'The booked transactions of an account.' },
  PENDING: { description: 'The pending transactions of an account.' },
  DIRECT_DEBITS: { description: 'The direct debits of an account.' },
  STANDING_ORDERS: { description: 'The standing orders of an account.' },
  ACCOUNTS: { description: 'The list of what a consent opens.' },
  BANK: { description: 'All of a bank: not one account could be read.' },
} as const;
const TroubleEndpoint = builder.enumType('TroubleEndpoint', {
  description: 'What a bank does not give.',
  values: ENDPOINTS,
});

const REASONS = {
  UNAVAILABLE: { description: 'The bank, or the way to it, fails or answers nonsense.' },
  RATE_LIMITED: { description: 'The bank was asked too often just now.' },
  ACCESS_DENIED: { description: 'The bank refuses this. It says nothing of the consent.' },
  SCA_EXCEEDED: { description: 'The bank gives this only shortly after the user signed in.' },
  TOKEN_REJECTED: { description: 'The bank refuses fresh tokens for this, though not for all.' },
  RANGE_REFUSED: { description: 'The bank does not serve the newest days.' },
  ACCOUNT_GONE: { description: 'The bank no longer knows the account.' },
  USER_ACTION: { description: 'The user has to do something at the bank, such as unlock it.' },
  PROVIDER_DEPRECATED: { description: 'The bank has left TrueLayer, at least under this name.' },
  REQUEST_REFUSED: { description: 'The bank does not understand what this server asks.' },
  OPERATOR_FAULT: { description: 'The bank refuses this server.' },
  UNKNOWN: { description: 'For a reason that this API does not know.' },
} as const;
const TroubleReason = builder.enumType('TroubleReason', {
  description: 'Why a bank does not give something.',
  values: REASONS,
});

const Trouble = builder.objectRef<TroubleRow>('Trouble').implement({
  description:
    'Something that a bank does not give, though the consent lives. What was had before stays, and it goes with the first answer that brings the thing again.',
  fields: (t) => ({
    endpoint: t.field({
      type: TroubleEndpoint,
      description: 'What is not given.',
      resolve: ({ endpoint }) => endpoint as keyof typeof ENDPOINTS,
    }),
    reason: t.field({
      type: TroubleReason,
      description: 'Why not.',
      resolve: ({ meaning }) =>
        Object.hasOwn(REASONS, meaning) ? (meaning as keyof typeof REASONS) : 'UNKNOWN',
    }),
    code: t.exposeString('code', {
      nullable: true,
      description: "TrueLayer's own code, for support; null where no answer came.",
    }),
    since: t.expose('since', { type: 'DateTime', description: 'When it first failed.' }),
    lastSeenAt: t.expose('lastSeenAt', { type: 'DateTime', description: 'When it last failed.' }),
    times: t.exposeInt('times', { description: 'How often it failed since.' }),
  }),
});

const MESSAGE = 'The same in plain English, for the user; null where nothing is to be said.';

builder.prismaObjectFields(Consent, (t) => ({
  remedy: t.field({
    type: Remedy,
    description: 'What mends it. Also of a consent that has ended.',
    resolve: async ({ id }, _args, { loaders }) => (await loaders.advice.load(id)).advice.remedy,
  }),
  remedyMessage: t.string({
    nullable: true,
    description: MESSAGE,
    resolve: async ({ id }, _args, { loaders }) => (await loaders.advice.load(id)).advice.message,
  }),
  troubles: t.field({
    type: [Trouble],
    description:
      'What the bank does not give of the consent as a whole, oldest first; single accounts have their own.',
    resolve: async ({ id }, _args, { loaders }) => [...(await loaders.consentTroubles.load(id))],
  }),
}));

async function adviceOf(account: AccountRow, { app, loaders }: Context) {
  const troubles: readonly KnownTrouble[] = await loaders.accountTroubles.load(account.id);
  const consent = await loaders.advice.load(account.consent_id);
  return accountAdvice(consent.advice, troubles, consent.bank, nowOf(app.clock));
}

builder.interfaceFields(Account, (t) => ({
  remedy: t.field({
    type: Remedy,
    description: 'What mends it: what mends its consent, where nothing is read by that.',
    resolve: async (account, _args, context) => (await adviceOf(account, context)).remedy,
  }),
  remedyMessage: t.string({
    nullable: true,
    description: MESSAGE,
    resolve: async (account, _args, context) => (await adviceOf(account, context)).message,
  }),
  troubles: t.field({
    type: [Trouble],
    description: 'What the bank does not give of it, oldest first; the rest goes on being read.',
    resolve: async ({ id }, _args, { loaders }) => [...(await loaders.accountTroubles.load(id))],
  }),
}));

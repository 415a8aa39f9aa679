import { ownIdOf } from '../base/global-id.ts';
import { resync, ResyncRefusedError, type ResyncTarget } from '../history/resync.ts';
import { builder } from './builder.ts';
import { NIL_UUID } from './connection.ts';
import { requireOperator } from './context.ts';

const Resynced = builder.objectRef<{ readonly consentId: string }>('BegunResync').implement({
  description: 'That workers read it again now.',
  fields: (t) => ({
    consentId: t.exposeString('consentId', {
      description: 'The id of the consent by which it is read, as the logs name it.',
    }),
  }),
});

const Input = builder.inputType('ResyncInput', {
  description:
    'What to read again: one of both, by its `id` over this API or by its id as the logs name it.',
  isOneOf: true,
  fields: (t) => ({
    consent: t.id({ description: 'A consent, with the list of its accounts.' }),
    account: t.id({ description: 'An account or a card.' }),
  }),
});

builder.mutationField('resync', (t) =>
  t.field({
    type: Resynced,
    description:
      'Has all read again that can be had now of a consent or an account: balances, transactions as far back as the bank serves them, days that could not be had before. Nothing doubles by it, and a repeat changes nothing. The bank’s own limits hold: what it allows only later is read later. For operators only.',
    errors: {
      types: [ResyncRefusedError],
      union: { name: 'ResyncResult', description: 'That it has begun, or why not.' },
      directResult: true,
    },
    args: { input: t.arg({ type: Input, required: true, description: 'What.' }) },
    resolve: async (_parent, { input: { consent, account } }, context) => {
      const { subject } = requireOperator(context);
      return { consentId: await resync(context.app, subject, targetOf(consent, account)) };
    },
  }),
);

function targetOf(
  consent: string | null | undefined,
  account: string | null | undefined,
): ResyncTarget {
  return typeof consent === 'string'
    ? { kind: 'CONSENT', id: ownIdOf(consent, ['Consent']) ?? NIL_UUID }
    : { kind: 'ACCOUNT', id: ownIdOf(account ?? '', ['BankAccount', 'Card']) ?? NIL_UUID };
}

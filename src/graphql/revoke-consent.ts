import { ConsentUnknownError, revokeConsent } from '../consents/revoke.ts';
import { builder } from './builder.ts';
import { UUID } from './connection.ts';
import { requireViewer } from './context.ts';

const RevokedData = builder.enumType('RevokedData', {
  description: 'What becomes of all that was read by a consent.',
  values: {
    KEEP: { description: 'It stays and can be read; nothing is added to it.' },
    ERASE: {
      description:
        'It is gone at once: accounts, balances, transactions with what the user added, history, alerts. Accounts that another consent of the user reaches stay with that.',
    },
  } as const,
});

const RevokedConsent = builder.objectRef<{ readonly id: string }>('RevokedConsent').implement({
  description: 'A consent that the user has taken back.',
  fields: (t) => ({
    consent: t.prismaField({
      type: 'Consent',
      description: 'The consent: its `revocation` says when the bank knows.',
      resolve: (query, { id }, _args, { reader }) =>
        reader.consent.findUniqueOrThrow({ ...query, where: { id } }),
    }),
  }),
});

const RevokeConsentInput = builder.inputType('RevokeConsentInput', {
  description: 'Which consent, and what becomes of its data.',
  fields: (t) => ({
    id: t.globalID({ required: true, description: 'The `id` of a consent.' }),
    data: t.field({
      type: RevokedData,
      required: true,
      description: "Whether what was read stays: the user's choice.",
    }),
  }),
});

builder.mutationField('revokeConsent', (t) =>
  t.field({
    type: RevokedConsent,
    description:
      'Takes a consent back, also one that has ended otherwise. From the answer on the bank is read no more by it and what was under way is refused; the bank is told right after, and again until it confirms. A repeat answers the same, and may erase what was kept before.',
    errors: {
      types: [ConsentUnknownError],
      directResult: true,
      union: { name: 'RevokeConsentResult', description: 'The consent, or why there is none.' },
    },
    args: {
      input: t.arg({
        type: RevokeConsentInput,
        required: true,
        description: 'The consent and the choice.',
      }),
    },
    resolve: async (_parent, { input: { id, data } }, context) => {
      const viewer = requireViewer(context);
      if (id.typename !== 'Consent' || !UUID.test(id.id)) throw new ConsentUnknownError();
      await revokeConsent(context.app, { viewerId: viewer.id, consentId: id.id, data });
      return { id: id.id };
    },
  }),
);

import {
  type BegunErasure,
  CONFIRMATION,
  ErasureNotConfirmedError,
  eraseViewer,
} from '../viewers/erase.ts';
import { SIGN_IN_MINUTES, SignInAgainError } from '../viewers/recent-sign-in.ts';
import { nowOf } from '../base/clock.ts';
import { builder } from './builder.ts';
import { requireViewer } from './context.ts';
import { MutationError } from './errors.ts';

builder.objectType(SignInAgainError, {
  name: 'SignInAgain',
  interfaces: [MutationError],
  description: `The user has to sign in again, and the new token be used: this needs a sign-in of the last ${SIGN_IN_MINUTES} minutes, as the token’s \`auth_time\` tells. Code: \`SIGN_IN_AGAIN\`.`,
});

builder.objectType(ErasureNotConfirmedError, {
  name: 'ErasureNotConfirmed',
  interfaces: [MutationError],
  description: 'Nothing was erased: `confirmation` is not the word. Code: `NOT_CONFIRMED`.',
});

const ErasedViewer = builder
  .objectRef<Pick<BegunErasure, 'requestedAt'>>('ErasedViewer')
  .implement({
    description: 'That the user has nothing here any more.',
    fields: (t) => ({
      requestedAt: t.expose('requestedAt', {
        type: 'DateTime',
        description:
          'Since when. Rows are deleted from then on, within a minute as a rule; none of them is shown meanwhile.',
      }),
    }),
  });

const EraseViewerInput = builder.inputType('EraseViewerInput', {
  description: 'That it is meant.',
  fields: (t) => ({
    confirmation: t.string({
      required: true,
      description: `The word \`${CONFIRMATION}\`: ask your user before you send it.`,
    }),
  }),
});

builder.mutationField('eraseViewer', (t) =>
  t.field({
    type: ErasedViewer,
    description:
      'Erases the user and all that is stored of them, for good: consents, accounts, transactions, notes, alerts, the change log, jobs. Their banks are told that access ends. From the answer on nothing is there, and subscriptions end; for up to a minute `authLink` answers `ERASURE_UNDER_WAY`, then the user may begin anew. Offer `exportViewer` first.',
    errors: {
      types: [SignInAgainError, ErasureNotConfirmedError],
      directResult: true,
      union: { name: 'EraseViewerResult', description: 'Since when nothing is there, or why not.' },
    },
    args: {
      input: t.arg({
        type: EraseViewerInput,
        required: true,
        description: 'That it is meant.',
      }),
    },
    resolve: async (_parent, { input: { confirmation } }, context) => {
      const { id: viewerId, signedInAt } = requireViewer(context);
      const begun = await eraseViewer(context.app, { viewerId, signedInAt, confirmation });
      return begun ?? { requestedAt: nowOf(context.app.clock) };
    },
  }),
);

import {
  AccountMergedError,
  AccountNameRefusedError,
  AccountNotMergedError,
  AccountsNotMergeableError,
  AccountUnknownError,
} from '../accounts/account-error.ts';
import { mergeAccounts } from '../accounts/merge.ts';
import { splitAccount } from '../accounts/split.ts';
import { updateAccount } from '../accounts/update.ts';
import { Account } from './account-ref.ts';
import { builder } from './builder.ts';
import { pageComplexity, pageSize, UUID } from './connection.ts';
import { type Context, requireViewer } from './context.ts';
import { Viewer } from './viewer.ts';

const AccountStatus = builder.enumType('AccountStatus', {
  description: 'Whether the user shares an account.',
  values: {
    SHARED: { description: 'The bank lists it for its consent, and it is read.' },
    UNSHARED: {
      description:
        'The bank no longer lists it. What was read stays; listed again, it goes on as the same account.',
    },
  } as const,
});

builder.interfaceFields(Account, (t) => ({
  status: t.expose('status', {
    type: AccountStatus,
    description: 'Whether the user shares it, by the newest answer of its bank.',
  }),
  excluded: t.exposeBoolean('excluded', {
    description: 'True: the viewer does not want it read. Lists leave it out unless asked.',
  }),
  bankName: t.string({
    description: "The bank's name for it, whatever the viewer calls it.",
    resolve: (row) => row.bank_name ?? row.display_name,
  }),
  mergedInto: t.field({
    type: Account,
    nullable: true,
    description:
      'The account that the viewer said is the same one, where its transactions are; null unless they did. Lists leave a merged account out.',
    resolve: (row, _args, { loaders }) =>
      row.merged_into_id === null ? null : loaders.accounts.load(row.merged_into_id),
  }),
  mergedAccounts: t.field({
    type: [Account],
    description: 'The accounts that the viewer merged into it, for `splitAccount`.',
    resolve: async (row, _args, { loaders }) => [...(await loaders.mergedAccounts.load(row.id))],
  }),
}));

const PROPOSAL_REASONS = {
  SAME_PROVIDER_ID: {
    description: 'The bank calls them alike, but a number, a currency or a name differs.',
  },
  NOT_UNIQUE: { description: 'They look the same, and so do others.' },
  PARTLY_ALIKE: { description: 'Some of their numbers agree and others do not.' },
  SAME_NAME: { description: 'They have the same name, and no number to tell.' },
  CARD_REPLACED: { description: 'The same card by name, with other last digits.' },
  TOOK_ITS_PLACE: {
    description:
      'One is gone and the other is new, and the bank says nothing that tells them apart.',
  },
  UNKNOWN: { description: 'For a reason that this API does not know.' },
} as const;
const ProposalReason = builder.enumType('AccountProposalReason', {
  description: 'Why two accounts may be one.',
  values: PROPOSAL_REASONS,
});

function isReason(reason: string): reason is keyof typeof PROPOSAL_REASONS {
  return Object.hasOwn(PROPOSAL_REASONS, reason);
}

const AccountProposal = builder.prismaObject('AccountProposal', {
  description:
    'Two accounts that may be one: ask the user. `mergeAccounts` says that they are, `splitAccount` with either of them that they are not.',
  fields: (t) => ({
    newer: t.field({
      type: Account,
      nullable: true,
      description: 'The one that appeared; null only if it has just been removed.',
      resolve: ({ newerId }, _args, { loaders }) => loaders.accounts.load(newerId),
    }),
    older: t.field({
      type: Account,
      nullable: true,
      description: 'The one that was there before; null only if it has just been removed.',
      resolve: ({ olderId }, _args, { loaders }) => loaders.accounts.load(olderId),
    }),
    reason: t.field({
      type: ProposalReason,
      description: 'Why they may be one.',
      resolve: ({ reason }) => (isReason(reason) ? reason : 'UNKNOWN'),
    }),
    proposedAt: t.expose('proposedAt', {
      type: 'DateTime',
      description: 'When the newer one appeared.',
    }),
  }),
});

builder.objectField(Viewer, 'accountProposals', (t) =>
  t.prismaConnection(
    {
      type: AccountProposal,
      cursor: 'id',
      description: 'What the user should be asked about their accounts, oldest first.',
      complexity: pageComplexity,
      resolve: (query, _viewer, args, { reader }) => {
        pageSize(args.first ?? args.last);
        return reader.accountProposal.findMany({
          ...query,
          where: { decision: null, newer: { mergedIntoId: null }, older: { mergedIntoId: null } },
          orderBy: [{ proposedAt: 'asc' }, { id: 'asc' }],
        });
      },
    },
    { name: 'AccountProposalConnection', description: 'Open questions, a page at a time.' },
    { name: 'AccountProposalEdge', description: 'A question and its place in the list.' },
  ),
);

const accountOf = (name: string, description: string, field: string) =>
  builder.objectRef<{ readonly id: string }>(name).implement({
    description,
    fields: (t) => ({
      account: t.field({
        type: Account,
        description: field,
        resolve: async ({ id }, _args, { loaders }) => {
          const account = await loaders.accounts.load(id);
          if (account === null) throw new Error(`account ${id} went while it was changed`);
          return account;
        },
      }),
    }),
  });
const MergedAccounts = accountOf(
  'MergedAccounts',
  'Two accounts that are one now.',
  'The account that stays, with the transactions of both.',
);
const SplitAccount = accountOf(
  'SplitAccount',
  'An account that is one of its own.',
  'The account, with what it had brought along.',
);
const UpdatedAccount = accountOf(
  'UpdatedAccount',
  'An account as the viewer wants it.',
  'The account.',
);

const accountId = 'The `id` of an account.';
const MergeAccountsInput = builder.inputType('MergeAccountsInput', {
  description: 'Two accounts that the user says are one.',
  fields: (t) => ({
    keep: t.globalID({ required: true, description: 'The `id` of the account that stays.' }),
    merge: t.globalID({ required: true, description: 'The `id` of the account that joins it.' }),
  }),
});
const SplitAccountInput = builder.inputType('SplitAccountInput', {
  description: 'An account that the user says is one of its own.',
  fields: (t) => ({ account: t.globalID({ required: true, description: accountId }) }),
});
const UpdateAccountInput = builder.inputType('UpdateAccountInput', {
  description: 'What is to change; what is left out stays as it is.',
  fields: (t) => ({
    account: t.globalID({ required: true, description: accountId }),
    excluded: t.boolean({
      description: 'True: it is no longer read, and lists leave it out. What was read stays.',
    }),
    displayName: t.string({
      description: "The user's own name for it, up to 200 characters; null for the bank's.",
    }),
  }),
});

builder.mutationFields((t) => ({
  mergeAccounts: t.field({
    type: MergedAccounts,
    description:
      'Makes one of two accounts of the same bank. Transactions that both have are shown once, with the note and category that the user gave to either. `splitAccount` undoes it.',
    errors: {
      types: [AccountUnknownError, AccountsNotMergeableError],
      directResult: true,
      union: { name: 'MergeAccountsResult', description: 'The account, or why they stay two.' },
    },
    args: {
      input: t.arg({ type: MergeAccountsInput, required: true, description: 'The two accounts.' }),
    },
    resolve: async (_parent, { input }, context) => {
      const viewerId = requireViewer(context).id;
      const [keepId, mergeId] = [ourId(input.keep), ourId(input.merge)];
      await mergeAccounts(context.app, { viewerId, keepId, mergeId });
      return afterwards(context, keepId);
    },
  }),
  splitAccount: t.field({
    type: SplitAccount,
    description:
      'Makes a merged account one of its own again, exactly as it was, with what was read of it since. Of an account that is only proposed to be another it says that it is not.',
    errors: {
      types: [AccountUnknownError, AccountNotMergedError],
      directResult: true,
      union: { name: 'SplitAccountResult', description: 'The account, or why it is none.' },
    },
    args: {
      input: t.arg({ type: SplitAccountInput, required: true, description: 'The account.' }),
    },
    resolve: async (_parent, { input }, context) => {
      const viewerId = requireViewer(context).id;
      const id = ourId(input.account);
      await splitAccount(context.app, { viewerId, accountId: id });
      return afterwards(context, id);
    },
  }),
  updateAccount: t.field({
    type: UpdatedAccount,
    description: "Changes what is the user's own of an account; no reading of the bank undoes it.",
    errors: {
      types: [AccountUnknownError, AccountMergedError, AccountNameRefusedError],
      directResult: true,
      union: { name: 'UpdateAccountResult', description: 'The account, or why it stays.' },
    },
    args: {
      input: t.arg({ type: UpdateAccountInput, required: true, description: 'The changes.' }),
    },
    resolve: async (_parent, { input }, context) => {
      const viewerId = requireViewer(context).id;
      const id = ourId(input.account);
      await updateAccount(context.app, {
        viewerId,
        accountId: id,
        excluded: input.excluded ?? undefined,
        displayName: input.displayName,
      });
      return afterwards(context, id);
    },
  }),
}));

function ourId({ typename, id }: { readonly typename: string; readonly id: string }): string {
  if (!['BankAccount', 'Card'].includes(typename) || !UUID.test(id)) {
    throw new AccountUnknownError();
  }
  return id;
}

/** What was loaded before the change is not what the answer shows. */
function afterwards({ loaders }: Context, id: string): { readonly id: string } {
  loaders.accounts.clearAll();
  loaders.mergedAccounts.clearAll();
  return { id };
}

import { isMendable } from '../history/gap-reasons.ts';
import type {
  AccountCoverage,
  HistoryGap,
  HistoryProgress as Progress,
} from '../history/progress.ts';
import { Account } from './account-ref.ts';
import { builder } from './builder.ts';

const GAP_REASONS = {
  OUT_OF_REACH: { description: 'The bank does not serve days so old.' },
  WINDOW_CLOSED: { description: 'The bank stopped serving them before they could be asked for.' },
  CONSENT_ENDED: { description: 'The consent ended first.' },
  ACCESS_DENIED: { description: 'The bank refuses them.' },
  SCA_EXCEEDED: { description: 'The bank wants the user to sign in again for them.' },
  NOT_SUPPORTED: { description: 'The bank has no transactions to give.' },
  ACCOUNT_GONE: { description: 'The bank no longer knows the account.' },
  REQUEST_REFUSED: { description: 'The bank did not understand what it was asked.' },
  PROVIDER_DEPRECATED: { description: 'The bank has left TrueLayer.' },
  USER_ACTION: { description: 'The user has to do something at the bank.' },
  ROWS_NOT_UNDERSTOOD: {
    description: 'Some rows of these days made no sense; the others are there.',
  },
  ACCOUNT_UNSHARED: { description: 'The user no longer shares the account.' },
  ACCOUNT_EXCLUDED: { description: 'The user does not want the account to be read.' },
  UNKNOWN: { description: 'For a reason that this API does not know.' },
} as const;
const GapReason = builder.enumType('HistoryGapReason', {
  description: 'Why days could not be had.',
  values: GAP_REASONS,
});

function isGapReason(reason: string): reason is keyof typeof GAP_REASONS {
  return Object.hasOwn(GAP_REASONS, reason);
}

const Gap = builder.objectRef<HistoryGap>('HistoryGap').implement({
  description: 'Days that could not be had from the bank, or not in full.',
  fields: (t) => ({
    account: t.field({
      type: Account,
      nullable: true,
      description: 'Of which account; null only if that has just been removed.',
      resolve: (gap, _args, { loaders }) => loaders.accounts.load(gap.accountId),
    }),
    from: t.expose('from', { type: 'Date', description: 'The first day, inclusive.' }),
    to: t.expose('until', { type: 'Date', description: 'The last day, inclusive.' }),
    reason: t.field({
      type: GapReason,
      description: 'Why not.',
      resolve: ({ reason }) => (isGapReason(reason) ? reason : 'UNKNOWN'),
    }),
    message: t.string({
      description: 'The same in plain English, to be shown to the user.',
      resolve: ({ reason }) => GAP_REASONS[isGapReason(reason) ? reason : 'UNKNOWN'].description,
    }),
    renewalMayHelp: t.boolean({
      description: 'True where these days are asked for again when the user renews the consent.',
      resolve: ({ reason }) => isMendable(reason),
    }),
  }),
});

const Coverage = builder.objectRef<AccountCoverage>('AccountCoverage').implement({
  description: 'Which days of an account are here.',
  fields: (t) => ({
    account: t.field({
      type: Account,
      nullable: true,
      description: 'Of which account; null only if that has just been removed.',
      resolve: ({ accountId }, _args, { loaders }) => loaders.accounts.load(accountId),
    }),
    spansTotal: t.exposeInt('spansTotal', { description: 'Stretches of days to fetch.' }),
    spansDone: t.exposeInt('spansDone', {
      description: 'Stretches that are saved, or known not to be had.',
    }),
    complete: t.boolean({
      description: 'True once nothing more is to be fetched of what was planned.',
      resolve: ({ spansTotal, spansDone }) => spansDone === spansTotal,
    }),
    oldestDay: t.expose('oldestDay', {
      type: 'Date',
      nullable: true,
      description: 'From this day to the newest everything is there; null until it is so.',
    }),
    newestDay: t.expose('newestDay', {
      type: 'Date',
      nullable: true,
      description: 'The newest day that was read; null before any was.',
    }),
    gaps: t.field({
      type: [Gap],
      description: 'Days that could not be had, and why, newest first.',
      resolve: ({ gaps }) => [...gaps],
    }),
  }),
});

/** The `HistoryProgress` type. */
export const HistoryProgress = builder.objectRef<Progress>('HistoryProgress').implement({
  description: 'How far the past of a consent has been fetched.',
  fields: (t) => ({
    spansTotal: t.exposeInt('spansTotal', {
      description: 'Stretches of days to fetch, over all accounts; 0 until they are planned.',
    }),
    spansDone: t.exposeInt('spansDone', {
      description: 'Stretches that are saved, or known not to be had.',
    }),
    complete: t.boolean({
      description: 'True once nothing more is to be fetched.',
      resolve: ({ planned, spansTotal, spansDone }) => planned && spansDone === spansTotal,
    }),
    oldestDay: t.expose('oldestDay', {
      type: 'Date',
      nullable: true,
      description: 'From this day on everything is there, in every account; null until it is so.',
    }),
    deadline: t.expose('deadline', {
      type: 'DateTime',
      description: 'When the bank stops serving the older days.',
    }),
    gaps: t.field({
      type: [Gap],
      description: 'Days that could not be had, and why: account by account, newest first.',
      resolve: (progress) => [...progress.gaps],
    }),
    accounts: t.field({
      type: [Coverage],
      description:
        'The same account by account, as far as this consent fetches them. What other consents and the daily read brought is in `Account.coverage`.',
      resolve: ({ accounts }) => [...accounts],
    }),
  }),
});

builder.interfaceField(Account, 'coverage', (t) =>
  t.field({
    type: Coverage,
    description:
      'Which of its days are here, whichever consent brought them, and what could not be had.',
    resolve: (row, _args, { loaders }) => loaders.coverages.load(row.id),
  }),
);

import type DataLoader from 'dataloader';
import { GraphQLError } from 'graphql';
import type { AccountPage, AccountRow, TransactionPage, TransactionRow } from '../accounts/read.ts';
import type {
  BalanceDayRow,
  BalancePage,
  DirectDebitRow,
  MandatePage,
  StandingOrderRow,
} from '../accounts/read-told.ts';
import type { ReplacedVersion, VersionPage } from '../accounts/versions.ts';
import type { App } from '../app.ts';
import type { Zone } from '../base/zones.ts';
import type { Viewer } from '../consents/link.ts';
import type { LastEvent } from '../changes/last-events.ts';
import type { AdvisedConsent } from '../consents/attention.ts';
import type { TokenDates } from '../consents/clocks.ts';
import type { TimelinePage, TimelineStep } from '../consents/timeline.ts';
import type {
  Alert,
  Consent,
  PrismaClient,
  Provider,
  Trouble,
  Viewer as ViewerRow,
  WebhookEndpoint,
} from '../generated/prisma/client.ts';
import type { AccountCoverage, HistoryProgress } from '../history/progress.ts';

/** A viewer as their bearer token names them, with what it lets them see. */
export interface TokenViewer extends Viewer {
  /** The token's scopes; `identifiers` shows IBANs, account numbers and names unmasked. */
  readonly scopes: readonly string[];
  /** Whether the token opens the operations part; it shows nobody's money. */
  readonly operator: boolean;
  /** Where the token says that they live; null where it says nothing of it. */
  readonly timeZone: Zone | null;
  /** When the user last proved who they are; null where the token does not say. */
  readonly signedInAt: Date | null;
  /** When the token ends, and with it what was begun under it. */
  readonly expiresAt: Date;
}

/** What a resolver may use. */
export interface Context {
  readonly app: App;
  readonly viewer: TokenViewer | null;
  /** The caller's own address; null where it cannot be known. */
  readonly clientIp: string | null;
  /** Prisma, scoped to the viewer; without one it reaches only what belongs to no viewer. */
  readonly reader: PrismaClient;
  readonly loaders: Loaders;
  /** Ends when the caller is gone. */
  readonly signal: AbortSignal;
  /** `Set-Cookie` lines for the answer. */
  readonly cookies: string[];
}

/** Loads that resolvers of one request make together. */
export interface Loaders {
  readonly accounts: DataLoader<string, AccountRow | null>;
  readonly consents: DataLoader<string, Consent | null>;
  readonly alerts: DataLoader<string, Alert | null>;
  readonly transactions: DataLoader<string, TransactionRow | null>;
  readonly providers: DataLoader<string, Provider | null>;
  /** The banks of consents, of whichever environment; null until they have said their names. */
  readonly banks: DataLoader<Consent, Provider | null, string>;
  /** The newest event about a consent, by the consent's id. */
  readonly lastEvents: DataLoader<string, LastEvent | null>;
  readonly webhookEndpoints: DataLoader<string, WebhookEndpoint | null>;
  readonly histories: DataLoader<Consent, HistoryProgress, string>;
  /** Which days of accounts are here, by the account's id. */
  readonly coverages: DataLoader<string, AccountCoverage>;
  /** The rows of viewers; null before their first link. */
  readonly viewers: DataLoader<string, ViewerRow | null>;
  /** The accounts that were merged into each, by its id. */
  readonly mergedAccounts: DataLoader<string, readonly AccountRow[]>;
  /** Pages of consents' accounts by the same arguments, in one statement. */
  readonly accountPages: DataLoader<AccountPageKey, readonly AccountRow[]>;
  /** Pages of accounts' transactions by the same arguments, in one statement. */
  readonly transactionPages: DataLoader<TransactionPageKey, readonly TransactionRow[]>;
  /** Pages of accounts' past balances, direct debits and standing orders likewise. */
  readonly balancePages: DataLoader<PageOfAccount<BalancePage>, readonly BalanceDayRow[]>;
  readonly directDebitPages: DataLoader<PageOfAccount<MandatePage>, readonly DirectDebitRow[]>;
  readonly standingOrderPages: DataLoader<PageOfAccount<MandatePage>, readonly StandingOrderRow[]>;
  /** Pages of what transactions said before, by the same arguments, in one statement. */
  readonly transactionVersions: DataLoader<VersionPageKey, readonly ReplacedVersion[]>;
  /** Pages of consents' timelines by the same arguments, in one statement. */
  readonly timelines: DataLoader<TimelinePageKey, readonly TimelineStep[]>;
  /** When the tokens of consents end; null where they are destroyed. */
  readonly tokenDates: DataLoader<string, TokenDates | null>;
  /** What mends consents. */
  readonly advice: DataLoader<string, AdvisedConsent>;
  /** What banks do not give, oldest first. */
  readonly accountTroubles: DataLoader<string, readonly Trouble[]>;
  readonly consentTroubles: DataLoader<string, readonly Trouble[]>;
}

/** One transaction's page of its versions. */
export interface VersionPageKey extends VersionPage {
  readonly transactionId: string;
}

/** One consent's page of its timeline. */
export interface TimelinePageKey extends TimelinePage {
  readonly consentId: string;
}

/** One consent's page of accounts. */
export interface AccountPageKey extends AccountPage {
  readonly consentId: string;
}

/** One account's page of a list. */
export type PageOfAccount<Page> = Page & { readonly accountId: string };

/** One account's page of transactions. */
export interface TransactionPageKey extends TransactionPage {
  readonly accountId: string;
}

/** The viewer, where a field cannot answer without one. */
export function requireViewer(context: Context): TokenViewer {
  if (context.viewer !== null) return context.viewer;
  throw new GraphQLError('This needs a bearer token: send "authorization: Bearer …".', {
    extensions: { code: 'UNAUTHENTICATED' },
  });
}

/** An operator, where a field answers to nobody else. */
export function requireOperator(context: Context): TokenViewer {
  const viewer = requireViewer(context);
  if (viewer.operator) return viewer;
  throw new GraphQLError('This is for operators only.', { extensions: { code: 'FORBIDDEN' } });
}

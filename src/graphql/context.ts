import type DataLoader from 'dataloader';
import { GraphQLError } from 'graphql';
import type { AccountRow, TransactionRow } from '../accounts/read.ts';
import type { App } from '../app.ts';
import type { Viewer } from '../consents/link.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';

/** A viewer as their bearer token names them, with what it lets them see. */
export interface TokenViewer extends Viewer {
  /** The token's scopes; `identifiers` shows IBANs, account numbers and names unmasked. */
  readonly scopes: readonly string[];
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
  /** Pages of accounts by the same arguments, in one statement. */
  readonly transactionPages: DataLoader<TransactionPageKey, readonly TransactionRow[]>;
}

/** One account's page. */
export interface TransactionPageKey {
  readonly accountId: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly after: { readonly bookedOn: string; readonly id: string } | null;
  readonly first: number;
}

/** The viewer, where a field cannot answer without one. */
export function requireViewer(context: Context): TokenViewer {
  if (context.viewer !== null) return context.viewer;
  throw new GraphQLError('This needs a bearer token: send "authorization: Bearer …".', {
    extensions: { code: 'UNAUTHENTICATED' },
  });
}

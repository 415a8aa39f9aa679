import type { Account } from '../generated/prisma/client.ts';
import type { Bank, DayRange } from '../truelayer/bank.ts';
import type { Listing } from '../truelayer/listing.ts';
import type { AsyncAnswer } from '../truelayer/tasks.ts';
import type { WireTransaction } from '../truelayer/wire-transaction.ts';

/** Reads the booked transactions of an account or card. */
export function readBooked(
  bank: Bank,
  account: Account,
  range: DayRange,
): Promise<Listing<WireTransaction>> {
  return account.kind === 'CARD'
    ? bank.cardTransactions(account.providerAccountId, range)
    : bank.accountTransactions(account.providerAccountId, range);
}

/** Asks for the booked transactions of an account or card in the bank's own time. */
export function askForBooked(
  bank: Bank,
  account: Account,
  range: DayRange,
  webhookUri: string | undefined,
): Promise<AsyncAnswer<WireTransaction>> {
  return account.kind === 'CARD'
    ? bank.askCardTransactions(account.providerAccountId, range, webhookUri)
    : bank.askAccountTransactions(account.providerAccountId, range, webhookUri);
}

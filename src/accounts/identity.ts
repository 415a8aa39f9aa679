import { createHash } from 'node:crypto';
import { type Decimal, isNegative, isZero, negate } from '../base/money.ts';
import type { WireTransaction } from '../truelayer/wire-transaction.ts';

/** A transaction under the key by which it is known again, signed as the holder sees it. */
export interface IdentifiedTransaction {
  readonly identity: string;
  readonly amount: Decimal;
  /** The type and the sign on the wire disagreed; the type was believed. */
  readonly signDisputed: boolean;
  readonly wire: WireTransaction;
}

/**
 * Gives each transaction of one answer its identity: the normalised provider id, else the
 * provider's id, else its content with an occurrence number, since two equal coffees on a day stay
 * two. The answer must cover whole days. A row that stands twice under one id becomes one.
 *
 * @param status - contents are numbered apart: of two equal coffees one may still be pending
 */
export function identify(
  kind: 'BANK_ACCOUNT' | 'CARD',
  transactions: readonly WireTransaction[],
  status: 'PENDING' | 'BOOKED' = 'BOOKED',
): readonly IdentifiedTransaction[] {
  const occurrences = new Map<string, number>();
  const byIdentity = new Map<string, IdentifiedTransaction>();
  for (const wire of transactions) {
    const identity = identityOf(wire, status, occurrences);
    byIdentity.set(identity, { identity, wire, ...signedForHolder(kind, wire) });
  }
  return [...byIdentity.values()];
}

function identityOf(
  wire: WireTransaction,
  status: 'PENDING' | 'BOOKED',
  occurrences: Map<string, number>,
): string {
  if (wire.normalisedId !== null) return `n:${wire.normalisedId}`;
  if (wire.providerTransactionId !== null) return `p:${wire.providerTransactionId}`;
  const content = JSON.stringify([
    wire.timestamp.day,
    wire.amount,
    wire.currency,
    wire.type,
    wire.description,
  ]);
  const occurrence = (occurrences.get(content) ?? 0) + 1;
  occurrences.set(content, occurrence);
  const kind = status === 'BOOKED' ? 'c' : 'pending';
  return `${kind}:${createHash('sha256').update(content).digest('base64url')}:${occurrence}`;
}

/**
 * The amount as the holder sees it, money out negative, from the transaction's type.
 *
 * Bank accounts are signed so on the wire; cards the other way round, spending positive.
 *
 * @see https://docs.truelayer.com "Account and card data"
 */
export function signedForHolder(
  kind: 'BANK_ACCOUNT' | 'CARD',
  wire: Pick<WireTransaction, 'amount' | 'type'>,
): Pick<IdentifiedTransaction, 'amount' | 'signDisputed'> {
  const byWire = kind === 'CARD' ? negate(wire.amount) : wire.amount;
  if (isZero(wire.amount) || (wire.type !== 'DEBIT' && wire.type !== 'CREDIT')) {
    return { amount: byWire, signDisputed: false };
  }
  const out = wire.type === 'DEBIT';
  const agrees = isNegative(byWire) === out;
  return { amount: agrees ? byWire : negate(byWire), signDisputed: !agrees };
}

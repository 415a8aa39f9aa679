import type { ChangeEntry } from '../changes/log.ts';
import type { Tx } from '../postgres/db.ts';
import { startOf } from '../base/days.ts';
import type { WireAddress, WireInfo } from '../truelayer/wire-info.ts';

/** The consent whose holders are saved. */
export interface HeldByHolders {
  readonly id: string;
  readonly viewerId: string;
}

/** What a holder may have at most of each: no person has more, and no row shall. */
const EACH_MAX = 20;
const HOLDERS_MAX = 50;

/**
 * Saves who holds what a consent opens, in place of what the bank said before.
 *
 * @param holders - of a successful call only
 * @returns what changed, for the change log
 */
export async function saveHolders(
  tx: Tx,
  { id: consentId, viewerId }: HeldByHolders,
  holders: readonly WireInfo[],
  askedAt: Date,
): Promise<readonly ChangeEntry[]> {
  const given = holders.slice(0, HOLDERS_MAX).map((holder, place) => ({
    consentId,
    place,
    viewerId,
    fullName: holder.fullName,
    emails: holder.emails.slice(0, EACH_MAX),
    phones: holder.phones.slice(0, EACH_MAX),
    addresses: holder.addresses.slice(0, EACH_MAX).map((address) => ({ ...address })),
    dateOfBirth: holder.dateOfBirth === null ? null : startOf(holder.dateOfBirth),
  }));
  // Locks the consent's row, so that of two answers one is saved after the other.
  const { count } = await tx.consent.updateMany({
    where: {
      id: consentId,
      OR: [{ holdersReadAt: null }, { holdersReadAt: { lte: askedAt } }],
    },
    data: { holdersReadAt: askedAt },
  });
  if (count === 0) return [];
  const before = await tx.holder.findMany({ where: { consentId }, orderBy: { place: 'asc' } });
  if (wordsOf(before) === wordsOf(given)) return [];
  await tx.holder.deleteMany({ where: { consentId } });
  await tx.holder.createMany({ data: given });
  return [{ subject: 'CONSENT', subjectId: consentId, act: 'CHANGED' }];
}

/** All that rows say, whatever the order in which Postgres keeps the words of an address. */
function wordsOf(
  rows: readonly {
    readonly fullName: string | null;
    readonly emails: readonly string[];
    readonly phones: readonly string[];
    readonly addresses: unknown;
    readonly dateOfBirth: Date | null;
  }[],
): string {
  return JSON.stringify(
    rows.map(({ fullName, emails, phones, addresses, dateOfBirth }) => [
      fullName,
      emails,
      phones,
      (addresses as readonly WireAddress[]).map(({ street, city, postCode, region, country }) => [
        street,
        city,
        postCode,
        region,
        country,
      ]),
      dateOfBirth,
    ]),
  );
}

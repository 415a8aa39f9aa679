import { saveHolders } from '../accounts/holders.ts';
import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { recordChanges } from '../changes/log.ts';
import { requireLiving } from '../consents/living.ts';
import { type AccessRequest, withBankAccess } from '../consents/tokens.ts';
import { publish } from '../events.ts';
import type { Consent } from '../generated/prisma/client.ts';
import type { Listing } from '../truelayer/listing.ts';
import { BankError } from '../truelayer/errors.ts';
import type { WireInfo } from '../truelayer/wire-info.ts';
import type { BankMemory } from './bank-memory.ts';

/**
 * Reads who holds what a consent opens, where that was not had since the user last confirmed: it is asked
 * once a period, and again with each later read until the bank has said it. That it does not harms nothing
 * else. Calls the network.
 *
 * @throws ConsentEndedError if only the user can help
 */
export async function readMissingHolders(
  app: App,
  access: AccessRequest,
  consent: Consent,
  memory: BankMemory,
): Promise<void> {
  const { id, viewerId, scopes, period, consentedAt } = consent;
  if (!scopes.includes('info')) return;
  const reader = app.database.reader(viewerId);
  const held = await reader.consent.findUnique({ where: { id }, select: { holdersReadAt: true } });
  if (held === null || (held.holdersReadAt ?? BEFORE_ALL) >= consentedAt) return;
  const askedAt = nowOf(app.clock);
  let listing: Listing<WireInfo>;
  try {
    listing = await withBankAccess(app, access, (bank) => memory.heed(bank).info());
  } catch (error) {
    if (!(error instanceof BankError)) throw error;
    app.log.info({ consentId: id, err: error }, 'the bank does not say who the holders are');
    return;
  }
  await app.database.transact(viewerId, async (tx) => {
    await requireLiving(tx, id, period);
    const changes = await saveHolders(tx, consent, listing.items, askedAt);
    if (changes.length > 0) await publish(tx, { consentId: id });
    await recordChanges(app, tx, viewerId, askedAt, changes, id);
  });
}

const BEFORE_ALL = new Date(0);

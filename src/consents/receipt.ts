import type { App } from '../app.ts';
import { uuidv7 } from '../base/entropy.ts';
import { correlationId } from '../base/log.ts';
import type { Consent } from '../generated/prisma/client.ts';
import type { Tx } from '../postgres/db.ts';

/** How a period of a consent came about: by an auth link, by extending at once, or by its link. */
export type ConsentWay = 'AUTH_LINK' | 'EXTEND' | 'EXTEND_LINK';

/** What a user agreed to. */
export interface Agreement {
  readonly way: ConsentWay;
  /** Of the text that they read; null where that was not kept. */
  readonly textVersion: string | null;
  readonly scopes: readonly string[];
}

/** Writes, in the transaction that begins a period of a consent, what its user agreed to. */
export async function writeReceipt(
  app: App,
  tx: Tx,
  consent: Pick<Consent, 'id' | 'viewerId' | 'period'>,
  { way, textVersion, scopes }: Agreement,
  now: Date,
): Promise<void> {
  await tx.consentReceipt.create({
    data: {
      id: uuidv7(app.entropy, now),
      viewerId: consent.viewerId,
      consentId: consent.id,
      period: consent.period,
      kind: consent.period === 1 ? 'CONSENT' : 'RECONFIRMATION',
      way,
      textVersion,
      scopes: [...scopes],
      correlationId: correlationId() ?? null,
      receivedAt: now,
    },
  });
}

import { Webhook } from 'standardwebhooks';
import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { seal, type SealPlace, unseal, UnsealError } from '../base/seal.ts';
import type { WebhookEndpoint } from '../generated/prisma/client.ts';

type SecretColumn = 'sealed_secret' | 'sealed_previous_secret';

const SECRET_BYTES = 32;

/** Makes a secret, as Standard Webhooks writes it. */
export function makeSecret({ entropy }: Pick<App, 'entropy'>): string {
  return `whsec_${entropy.bytes(SECRET_BYTES).toString('base64')}`;
}

/** Seals a secret for its place. */
export function sealSecret(
  { keys }: Pick<App, 'keys'>,
  column: SecretColumn,
  endpointId: string,
  secret: string,
): Promise<string> {
  return seal(keys, placeOf(column, endpointId), secret);
}

/**
 * Opens the secret that signs now.
 *
 * @throws UnsealError if it is damaged, KeyError if its key cannot be used now
 */
export function openSecret({ keys }: Pick<App, 'keys'>, endpoint: WebhookEndpoint) {
  return unseal(keys, placeOf('sealed_secret', endpoint.id), endpoint.sealedSecret);
}

/**
 * Signs a message with every secret that is good now: two for a day after a rotation.
 *
 * @returns the headers of Standard Webhooks
 * @throws UnsealError if the present secret is damaged, KeyError if its key cannot be used now
 * @see https://www.standardwebhooks.com
 */
export async function signedHeaders(
  app: Pick<App, 'keys' | 'clock'>,
  endpoint: WebhookEndpoint,
  message: { readonly id: string; readonly body: string },
): Promise<Readonly<Record<string, string>>> {
  const now = nowOf(app.clock);
  const secrets = [await openSecret(app, endpoint)];
  const { id, sealedPreviousSecret, previousEndsAt } = endpoint;
  if (sealedPreviousSecret !== null && previousEndsAt !== null && now < previousEndsAt) {
    const place = placeOf('sealed_previous_secret', id);
    // Lost with its key, it signs nothing any more; the one that counts still does.
    const previous = await unseal(app.keys, place, sealedPreviousSecret).catch(unreadable);
    if (previous !== null) secrets.push(previous);
  }
  const signatures = secrets.map((secret) =>
    new Webhook(secret).sign(message.id, now, message.body),
  );
  return {
    'webhook-id': message.id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
    'webhook-signature': signatures.join(' '),
  };
}

/** Null for a secret that does not open; throws whatever else went wrong. */
export function unreadable(error: unknown): null {
  if (error instanceof UnsealError) return null;
  throw error;
}

// As `keys/sealed-values.ts` names what belongs to no viewer.
function placeOf(column: SecretColumn, endpointId: string): SealPlace {
  return { table: 'webhook_endpoint', column, row: endpointId, viewer: 'nobody' };
}

import type { App } from '../app.ts';
import { ExpectedError } from '../base/errors.ts';
import type { EventType } from '../outbox/event-types.ts';
import { AddressError, checkTarget, readEndpointUrl } from './address.ts';
import { addressRules } from './rules.ts';

/** What an operator may say of an endpoint. */
export interface EndpointWish {
  readonly url: string;
  readonly description: string;
  /** Those that are wanted; empty for all. */
  readonly eventTypes: readonly EventType[];
}

/** An endpoint cannot be as asked. */
export class WebhookRefusedError extends ExpectedError {}

/** There is no such endpoint or delivery. */
export class WebhookUnknownError extends ExpectedError {
  constructor(what: 'ENDPOINT' | 'DELIVERY') {
    super(`WEBHOOK_${what}_UNKNOWN`, `There is no such ${what.toLowerCase()}.`);
  }
}

const DESCRIPTION_LENGTH_MAX = 200;

/**
 * Checks what is given of a wish. Looks for its address, without speaking to it.
 *
 * @returns what of it goes into the row as it is
 * @throws WebhookRefusedError
 */
export async function checkWish(
  app: App,
  wish: Partial<EndpointWish>,
): Promise<Partial<Pick<EndpointWish, 'url' | 'description'>>> {
  const { url, description } = wish;
  if (description !== undefined && description.length > DESCRIPTION_LENGTH_MAX) {
    throw new WebhookRefusedError(
      'DESCRIPTION_TOO_LONG',
      `A description has at most ${DESCRIPTION_LENGTH_MAX} characters.`,
    );
  }
  if (url !== undefined) await checkUrl(app, url);
  return {
    ...(url === undefined ? {} : { url }),
    ...(description === undefined ? {} : { description }),
  };
}

// A name that leads nowhere at this moment may lead somewhere soon: each send looks again.
async function checkUrl(app: App, url: string): Promise<void> {
  const rules = addressRules(app.config);
  try {
    await checkTarget(readEndpointUrl(url, rules), rules);
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    if (error.fault === 'NAME_UNKNOWN') return;
    throw new WebhookRefusedError(
      error.fault,
      'The address is none of a server on the public internet that can be reached over https.',
    );
  }
}

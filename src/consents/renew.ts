import type { App } from '../app.ts';
import { ExpectedError } from '../base/errors.ts';
import type { Consent } from '../generated/prisma/client.ts';
import type { Person } from '../truelayer/extend.ts';
import { extendConsent } from './extend.ts';
import { dialogOf, draftLink, type IssuedAuthLink, saveLink, type Viewer } from './link.ts';
import { checkWayBack, type LinkChoice, type WayBackRequest } from './link-request.ts';
import { areSameScopes, isTextVersion } from './permissions.ts';
import { ConsentUnknownError } from './revoke.ts';
import { RENEWABLE } from './status.ts';

/** What the user has confirmed, in the app. */
export interface Reconfirmation {
  /** Of the text that they read. */
  readonly textVersion: string;
  /** What they go on allowing: what they allowed before. */
  readonly scopes: readonly string[];
}

/** A person as an app describes them. */
export interface PersonWish {
  readonly name: string;
  readonly email?: string | null | undefined;
  readonly phone?: string | null | undefined;
}

/** Which consent is to go on, and how the user comes back if they have to go to the bank. */
export interface RenewalRequest extends WayBackRequest {
  readonly consentId: string;
  readonly reconfirmation: Reconfirmation;
  /** Told to TrueLayer where a connection is extended, and kept nowhere. */
  readonly person?: PersonWish | null | undefined;
  readonly psuIp?: string | null;
}

/** A consent that goes on already, or the link by which it will. */
export type RenewalOutcome =
  | { readonly consentId: string; readonly link: null }
  | {
      readonly consentId: string;
      readonly link: IssuedAuthLink;
      readonly way: 'AUTH_LINK' | 'EXTEND_LINK';
    };

/** A consent that cannot be renewed as asked. */
export class RenewalRefusedError extends ExpectedError {}

const NAME_MAX = 200;

/**
 * Lets a consent go on, in the smoothest way that its bank and this client allow: at once where the
 * connection can be extended without the user, else by a link. Until the user is back from there, or
 * if they never are, everything stays as it is. Calls the network.
 *
 * @throws ConsentUnknownError; RenewalRefusedError `CONSENT_REVOKED`, `CONSENT_OF_ANOTHER_ENVIRONMENT`,
 *   `SCOPES_DIFFER`, `TEXT_VERSION_REFUSED` or `PERSON_INCOMPLETE`; AuthLinkRefusedError
 *   `REDIRECT_URI_REFUSED`, `RETURN_TO_REFUSED` or `CONTEXT_TOO_LONG`
 */
export async function renewConsent(
  app: App,
  viewer: Viewer,
  request: RenewalRequest,
): Promise<RenewalOutcome> {
  const { consentId } = request;
  const consent = await app.database.reader(viewer.id).consent.findUnique({
    where: { id: consentId },
    include: { authLink: { select: { providers: true } } },
  });
  if (consent === null) throw new ConsentUnknownError();
  checkConsent(app, consent);
  checkReconfirmation(consent, request.reconfirmation);
  const person = personOf(request);
  const choice: LinkChoice = {
    ...checkWayBack(app, request),
    providerId: consent.providerId,
    // They have to cover the bank, and did so when it was chosen.
    providers: consent.authLink.providers,
    scopes: consent.scopes,
    textVersion: request.reconfirmation.textVersion,
    renewsConsentId: consentId,
    way: 'AUTH_LINK',
  };
  const draft = await draftLink(app);
  const psuIp = request.psuIp ?? null;
  const extended = await extendConsent(app, consent, draft, choice, person);
  if (extended === 'RENEWED') return { consentId, link: null };
  const way = extended === null ? 'AUTH_LINK' : 'EXTEND_LINK';
  const dialog = extended?.dialog ?? dialogOf(app, draft, choice);
  const link = await saveLink(app, viewer, draft, { ...choice, way }, dialog, psuIp);
  return { consentId, link, way };
}

function checkConsent(app: App, consent: Consent): void {
  if (!RENEWABLE.includes(consent.status)) {
    throw new RenewalRefusedError(
      'CONSENT_REVOKED',
      'The user took this consent back: connect the bank anew, by authLink.',
    );
  }
  if (consent.environment !== app.client.environment) {
    throw new RenewalRefusedError(
      'CONSENT_OF_ANOTHER_ENVIRONMENT',
      'This consent was given to another environment of TrueLayer than this server speaks to.',
    );
  }
}

function checkReconfirmation(consent: Consent, { textVersion, scopes }: Reconfirmation): void {
  if (!isTextVersion(textVersion)) {
    throw new RenewalRefusedError(
      'TEXT_VERSION_REFUSED',
      'reconfirmation.textVersion is up to 100 letters, digits and signs.',
    );
  }
  if (!areSameScopes(scopes, consent.scopes)) {
    throw new RenewalRefusedError(
      'SCOPES_DIFFER',
      `reconfirmation.scopes have to be what the consent allows: ${consent.scopes.join(' ')}.`,
    );
  }
}

function personOf({ person = null }: RenewalRequest): Person | null {
  if (person === null) return null;
  const parts = [person.name, person.email, person.phone].map((part) => part?.trim() ?? '');
  const [name = '', email = '', phone = ''] = parts;
  const tooLong = parts.some((part) => part.length > NAME_MAX);
  if (tooLong || name === '' || (email === '' && phone === '')) {
    throw new RenewalRefusedError(
      'PERSON_INCOMPLETE',
      'person has a name, and an e-mail address or a phone number.',
    );
  }
  return { name, ...(email === '' ? {} : { email }), ...(phone === '' ? {} : { phone }) };
}

import type { App } from '../app.ts';
import { later, MINUTE, nowOf } from '../base/clock.ts';
import { randomText, uuidOf, uuidv7 } from '../base/entropy.ts';
import { seal } from '../base/seal.ts';
import type { Zone } from '../base/zones.ts';
import { ask, jobs } from '../jobs.ts';
import type { Tx } from '../postgres/db.ts';
import { buildAuthLink, pkceChallenge } from '../truelayer/auth-link.ts';
import {
  AuthLinkRefusedError,
  type AuthLinkRequest,
  checkRequest,
  type LinkChoice,
} from './link-request.ts';
import { refuseSameProvider } from './same-provider.ts';
import { hashOf, linkPlace } from './secrets.ts';

/** The end user who asks, as the bearer token names them. */
export interface Viewer {
  /** Derived from issuer and subject, so that no lookup crosses viewers. */
  readonly id: string;
  readonly issuer: string;
  readonly subject: string;
  /** Where they live, if the token says so. */
  readonly timeZone?: Zone | null;
}

/** A link to send the user along, and the secret that binds it to the browser that asked. */
export interface IssuedAuthLink {
  readonly id: string;
  /** Ours: it leads on to the bank while the link is open. */
  readonly url: string;
  readonly expiresAt: Date;
  readonly browserSecret: string;
}

/** A link before it leads anywhere, with its secrets in plaintext. */
export interface LinkDraft {
  readonly id: string;
  readonly state: string;
  /** PKCE's, and the challenge that is made of it; null where the client has that switched off. */
  readonly verifier: string | null;
  readonly codeChallenge: string | null;
  readonly createdAt: Date;
}

export const LINK_MINUTES = 45;
/**
 * Makes a single-use link to the bank. State and opening secret are 256 random bits each, of which
 * only hashes are kept; the bank's address, which holds the state, and PKCE's verifier are sealed.
 *
 * @throws AuthLinkRefusedError `PROVIDER_UNKNOWN`, `SCOPES_REFUSED`, `REDIRECT_URI_REFUSED`,
 *   `RETURN_TO_REFUSED`, `CONTEXT_TOO_LONG`, `TEXT_VERSION_REFUSED`, `PERMISSIONS_NOT_ACCEPTED` or
 *   `ERASURE_UNDER_WAY`;
 *   SameProviderError where the bank is linked already and the request does not know it
 */
export async function issueAuthLink(
  app: App,
  viewer: Viewer,
  request: AuthLinkRequest,
): Promise<IssuedAuthLink> {
  const choice = await checkRequest(app, request);
  if (request.acknowledgeSameProvider !== true) await refuseSameProvider(app, viewer.id, choice);
  const draft = await draftLink(app);
  return saveLink(app, viewer, draft, choice, dialogOf(app, draft, choice), request.psuIp ?? null);
}

/** Makes up a link's id and secrets. */
export async function draftLink(app: App): Promise<LinkDraft> {
  const createdAt = nowOf(app.clock);
  const verifier = app.client.pkce ? randomText(app.entropy, 32) : null;
  return {
    id: uuidv7(app.entropy, createdAt),
    state: randomText(app.entropy, 32),
    verifier,
    codeChallenge: verifier && (await pkceChallenge(verifier)),
    createdAt,
  };
}

/** The id of the consent that a link makes: always the same, so that a second writer makes no other. */
export function consentIdOf(link: { readonly id: string }): string {
  return uuidOf('consent', link.id);
}

/** Where the bank's dialog of an auth link begins. */
export function dialogOf(app: App, draft: LinkDraft, choice: LinkChoice): string {
  const own = app.config.permissions === 'own';
  return buildAuthLink(app.client.authUrl, {
    clientId: app.client.clientId,
    redirectUri: choice.redirectUri,
    scopes: choice.scopes,
    state: draft.state,
    ...(choice.providers.length === 0 ? {} : { providers: choice.providers }),
    ...(choice.providerId === null ? {} : { providerId: choice.providerId }),
    ...(draft.codeChallenge === null ? {} : { codeChallenge: draft.codeChallenge }),
    // By it TrueLayer knows that the app has shown the permissions itself.
    ...(own ? { consentId: choice.renewsConsentId ?? consentIdOf(draft) } : {}),
  });
}

/** Saves a link that leads to a dialog, and asks for the job that closes it. */
export async function saveLink(
  app: App,
  viewer: Viewer,
  draft: LinkDraft,
  choice: LinkChoice,
  dialog: string,
  psuIp: string | null,
): Promise<IssuedAuthLink> {
  const { id, state, verifier, createdAt } = draft;
  const openSecret = randomText(app.entropy, 32);
  const browserSecret = randomText(app.entropy, 32);
  const expiresAt = later(createdAt, LINK_MINUTES * MINUTE);
  const sealed = async (column: Parameters<typeof linkPlace>[0], secret: string | null) =>
    secret && (await seal(app.keys, linkPlace(column, id, viewer.id), secret));
  const data = {
    id,
    viewerId: viewer.id,
    environment: app.client.environment,
    clientId: app.client.clientId,
    stateHash: hashOf(state),
    browserHash: hashOf(browserSecret),
    openHash: hashOf(openSecret),
    ...choice,
    sealedDialog: await sealed('sealed_dialog', dialog),
    sealedCodeVerifier: await sealed('sealed_code_verifier', verifier),
    sealedPsuIp: await sealed('sealed_psu_ip', psuIp),
    createdAt,
    expiresAt,
  };
  await app.database.transact(viewer.id, async (tx) => {
    await saveViewer(tx, viewer, app, createdAt);
    await tx.authLink.create({ data });
    const close = ask(
      jobs.completeLink,
      { viewerId: viewer.id, linkId: id },
      { notBefore: expiresAt },
    );
    await app.queue.send(tx, [close]);
  });
  return { id, url: `${app.config.publicUrl}/link/${openSecret}`, expiresAt, browserSecret };
}

/** Makes the viewer's row with the first that they do, and opens their change log. */
export async function saveViewer(tx: Tx, viewer: Viewer, app: App, now: Date): Promise<void> {
  const { id, issuer, subject, timeZone = null } = viewer;
  const timeZoneSource = timeZone && 'TOKEN';
  await tx.viewer.createMany({
    data: [{ id, issuer, subject, createdAt: now, timeZone, timeZoneSource }],
    skipDuplicates: true,
  });
  // Waits for an erasure that begins at this moment.
  const [row] = await tx.$queryRaw<{ erasure_id: string | null }[]>`
    select erasure_id from viewer where id = ${viewer.id}::uuid for key share`;
  if (row === undefined || row.erasure_id !== null) {
    throw new AuthLinkRefusedError(
      'ERASURE_UNDER_WAY',
      'All that is stored of this user is being erased: ask again in a minute.',
    );
  }
  await tx.changeCounter.createMany({
    data: [{ viewerId: viewer.id, epoch: uuidv7(app.entropy, now) }],
    skipDuplicates: true,
  });
}

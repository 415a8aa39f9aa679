import type { App } from '../app.ts';
import { later, MINUTE, nowOf } from '../base/clock.ts';
import { randomText, uuidv7 } from '../base/entropy.ts';
import { seal } from '../base/seal.ts';
import type { Zone } from '../base/zones.ts';
import { ask, jobs } from '../jobs.ts';
import type { Tx } from '../postgres/db.ts';
import { buildAuthLink, pkceChallenge } from '../truelayer/auth-link.ts';
import { AuthLinkRefusedError, type AuthLinkRequest, checkRequest } from './link-request.ts';
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

export const LINK_MINUTES = 45;
/**
 * Makes a single-use link to the bank. State and opening secret are 256 random bits each, of which
 * only hashes are kept; the bank's address, which holds the state, and PKCE's verifier are sealed.
 *
 * @throws AuthLinkRefusedError `PROVIDER_UNKNOWN`, `SCOPES_REFUSED`, `REDIRECT_URI_REFUSED`,
 *   `RETURN_TO_REFUSED`, `CONTEXT_TOO_LONG` or `ERASURE_UNDER_WAY`
 */
export async function issueAuthLink(
  app: App,
  viewer: Viewer,
  request: AuthLinkRequest,
): Promise<IssuedAuthLink> {
  const choice = await checkRequest(app, request);
  const now = nowOf(app.clock);
  const id = uuidv7(app.entropy, now);
  const state = randomText(app.entropy, 32);
  const openSecret = randomText(app.entropy, 32);
  const browserSecret = randomText(app.entropy, 32);
  const verifier = app.client.pkce ? randomText(app.entropy, 32) : null;
  const expiresAt = later(now, LINK_MINUTES * MINUTE);
  const place = (column: Parameters<typeof linkPlace>[0]) => linkPlace(column, id, viewer.id);
  const sealedCodeVerifier =
    verifier && (await seal(app.keys, place('sealed_code_verifier'), verifier));
  const dialog = await buildDialog(app, choice, state, verifier);
  const sealedDialog = await seal(app.keys, place('sealed_dialog'), dialog);
  const psuIp = request.psuIp ?? null;
  const sealedPsuIp = psuIp && (await seal(app.keys, place('sealed_psu_ip'), psuIp));
  await app.database.transact(viewer.id, async (tx) => {
    await saveViewer(tx, viewer, app, now);
    await tx.authLink.create({
      data: {
        id,
        viewerId: viewer.id,
        environment: app.client.environment,
        clientId: app.client.clientId,
        stateHash: hashOf(state),
        browserHash: hashOf(browserSecret),
        openHash: hashOf(openSecret),
        ...choice,
        sealedDialog,
        sealedCodeVerifier,
        sealedPsuIp,
        createdAt: now,
        expiresAt,
      },
    });
    const close = ask(
      jobs.completeLink,
      { viewerId: viewer.id, linkId: id },
      { notBefore: expiresAt },
    );
    await app.queue.send(tx, [close]);
  });
  return { id, url: `${app.config.publicUrl}/link/${openSecret}`, expiresAt, browserSecret };
}

/** Where the bank's dialog begins. */
async function buildDialog(
  app: App,
  choice: Awaited<ReturnType<typeof checkRequest>>,
  state: string,
  verifier: string | null,
): Promise<string> {
  return buildAuthLink(app.client.authUrl, {
    clientId: app.client.clientId,
    redirectUri: choice.redirectUri,
    scopes: choice.scopes,
    state,
    ...(choice.providers.length === 0 ? {} : { providers: choice.providers }),
    ...(choice.providerId === null ? {} : { providerId: choice.providerId }),
    ...(verifier === null ? {} : { codeChallenge: await pkceChallenge(verifier) }),
  });
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

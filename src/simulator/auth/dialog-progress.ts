import { HOUR } from '../../base/clock.ts';
import { randomText } from '../../base/entropy.ts';
import type { AuthRequest } from './auth-request.ts';
import type { Bank } from '../banks/bank.ts';
import type { Flow, Grant } from './grant.ts';
import type { TrackedEventName } from './tracked-events.ts';
import type { World } from '../world.ts';

/** Where all pages of the dialog post to. */
export const DIALOG_PATH = '/dialog';

/** How far a user has come. It travels sealed in every page, so the server keeps none of it. */
export interface Progress {
  readonly request: AuthRequest;
  readonly flow: Flow;
  readonly startedAt: number;
  readonly permitted: boolean;
  readonly bankId: string | null;
  readonly branch: string | null;
  readonly user: string | null;
  /** What goes on, where the dialog makes no new connection. */
  readonly renews: UndatedGrant | null;
}

/** What a user allows, and what a renewal keeps of it. */
export type UndatedGrant = Omit<Grant, 'consentedAt' | 'authenticatedAt'>;

/** What the user is asked next, with what is settled by then. */
export type DialogStep =
  | { readonly name: 'permissions' }
  | { readonly name: 'bank' }
  | { readonly name: 'branch'; readonly bank: Bank }
  | { readonly name: 'login'; readonly bank: Bank }
  | { readonly name: 'accounts'; readonly bank: Bank; readonly user: string };

const DIALOG_LIFE_MILLISECONDS = HOUR;

/** The start of a dialog that makes a connection. */
export function beginDialog(world: World, request: AuthRequest): Progress {
  const { trackingId } = request;
  return begin(world, {
    request,
    flow: { id: flowId(world), trackingId, reauth: false },
    startedAt: world.clock.now(),
    // With a consent_id the app has shown the permissions itself.
    permitted: request.consentId !== null,
    bankId: request.providerId,
    branch: request.branch,
    user: null,
    renews: null,
  });
}

/** Where the app wants its user back, and how. */
export type RenewalReturn = Pick<
  AuthRequest,
  'redirectUri' | 'state' | 'formPost' | 'codeChallenge'
>;

/**
 * The start of a dialog that renews a connection.
 *
 * @param permitted - false: the user first reads again what they share
 */
export function beginRenewal(
  world: World,
  grant: Grant,
  back: RenewalReturn,
  permitted: boolean,
): Progress {
  const { clientId, consentId, credentialsId, providerId, scopes } = grant;
  const trackingId = world.memory.trackedEvents.trackingIdOf(credentialsId);
  const offer = { providers: [], disabledProviders: [], accesses: [], providerId, branch: null };
  return begin(world, {
    request: { ...back, ...offer, clientId, scopes, consentId, trackingId },
    flow: { id: flowId(world), trackingId, reauth: true },
    startedAt: world.clock.now(),
    permitted,
    bankId: providerId,
    branch: null,
    user: null,
    renews: grant,
  });
}

/** Takes a step, and keeps the events of what the user reached by it. */
export function goOn(world: World, before: Progress, step: Partial<Progress>): Progress {
  const after = { ...before, ...step };
  noteNew(world, before, after);
  return after;
}

/** What the user is asked at this point. */
export function stepOf(world: World, progress: Progress): DialogStep {
  if (!progress.permitted) return { name: 'permissions' };
  const bank = world.banks.find(progress.bankId ?? '');
  if (bank === undefined) return { name: 'bank' };
  if (bank.branches !== undefined && progress.branch === null) return { name: 'branch', bank };
  const { user } = progress;
  return user === null ? { name: 'login', bank } : { name: 'accounts', bank, user };
}

/** The progress as pages and links carry it. */
export function sealProgress(world: World, progress: Progress): string {
  return world.seals.seal('dialog', progress).toString('base64url');
}

/** Opens it again; undefined for any other text, and an hour after the dialog began. */
export function openProgress(world: World, sealed: string | null): Progress | undefined {
  // What opens was sealed by us, so its shape is known.
  const opened = world.seals.open('dialog', Buffer.from(sealed ?? '', 'base64url'));
  const progress = opened as Progress | undefined;
  if (progress === undefined || progress.request.clientId !== world.client.id) return undefined;
  return world.clock.now() - progress.startedAt > DIALOG_LIFE_MILLISECONDS ? undefined : progress;
}

/** The address of a dialog that has begun without its user, for the app to send them to. */
export function dialogUrl(world: World, progress: Progress): string {
  return `${world.url}${DIALOG_PATH}?session=${sealProgress(world, progress)}`;
}

function begin(world: World, progress: Progress): Progress {
  noteNew(world, undefined, progress);
  return progress;
}

/** Events before the way back, each with what brings it about. Skipped steps count as done. */
const MILESTONES: readonly (readonly [
  name: TrackedEventName,
  isReached: (world: World, progress: Progress) => boolean,
])[] = [
  ['dialog_started', () => true],
  ['consent_granted', (_world, { permitted }) => permitted],
  ['provider_selected', (_world, { bankId }) => bankId !== null],
  [
    'provider_auth_started',
    (world, progress) => ['login', 'accounts'].includes(stepOf(world, progress).name),
  ],
];

function noteNew(world: World, before: Progress | undefined, after: Progress): void {
  const { bankId: providerId, flow, renews } = after;
  const subject = {
    providerId,
    credentialsId: renews?.credentialsId ?? null,
    consentId: after.request.consentId,
  };
  for (const [name, isReached] of MILESTONES) {
    const isNew = before === undefined || !isReached(world, before);
    if (isNew && isReached(world, after)) world.memory.trackedEvents.note(flow, name, subject);
  }
}

function flowId(world: World): string {
  return `auth-${randomText(world.entropy, 32)}`;
}

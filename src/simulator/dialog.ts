import { HOUR, nowOf } from '../base/clock.ts';
import { randomText, systemEntropy, uuidOf } from '../base/entropy.ts';
import { redirectAnswer, type Answer } from './answer.ts';
import {
  offeredBanks,
  readAuthLink,
  returnUrl,
  withState,
  type AuthRequest,
  type ReturnAddress,
  type ReturnFields,
} from './auth-request.ts';
import type { Bank } from './bank.ts';
import { findBank } from './banks.ts';
import {
  accountsPage,
  bankPage,
  errorPage,
  formPostPage,
  loginPage,
  permissionsPage,
} from './dialog-pages.ts';
import { readFields } from './fields.ts';
import { makeCredentialsId, sealCode } from './grant.ts';
import type { Ledger } from './ledger.ts';
import { signIn } from './users.ts';
import { isShareable } from './wire.ts';
import type { SimulatorRequest, World } from './world.ts';

/** Where all pages of the dialog post to. */
export const DIALOG_PATH = '/dialog';

/** How far a user has come. It travels sealed in every page, so the server keeps none of it. */
interface Progress {
  readonly request: AuthRequest;
  readonly startedAt: number;
  readonly permitted: boolean;
  readonly bankId: string | null;
  readonly user: string | null;
}

const DIALOG_LIFE_MILLISECONDS = HOUR;

/** `GET /`: opens the dialog of an auth link, or says why not. */
export function openDialog(world: World, query: URLSearchParams): Answer {
  const link = readAuthLink(query, world.client);
  if (link.kind === 'unsafe') return errorPage(link.reason);
  if (link.kind === 'refused') {
    const { address, error, description } = link;
    return sendBack(address, { error, error_description: description });
  }
  const { request } = link;
  return showStep(world, {
    request,
    startedAt: world.clock.now(),
    // With a consent_id the app has shown the permissions itself.
    permitted: request.consentId !== null,
    bankId: request.providerId,
    user: null,
  });
}

/** `GET /dialog`: the bank picker again, with a search. */
export function searchBanks(world: World, query: URLSearchParams): Answer {
  const progress = openProgress(world, query.get('session'));
  if (progress === undefined) return expiredPage();
  return showStep(world, progress, { search: query.get('search') ?? '' });
}

/** `POST /dialog`: takes one step. */
export function continueDialog(world: World, request: SimulatorRequest): Answer {
  const fields = readFields(request);
  const progress = openProgress(world, fields?.get('session') ?? null);
  if (fields === undefined || progress === undefined) return expiredPage();
  if (fields.get('action') === 'cancel') {
    return sendBack(progress.request, {
      error: 'access_denied',
      error_description: 'The user cancelled.',
    });
  }
  if (!progress.permitted) return showStep(world, { ...progress, permitted: true });
  const bank = findBank(progress.bankId ?? '');
  if (bank === undefined) return chooseBank(world, progress, fields.get('provider') ?? '');
  if (progress.user === null) return logIn(world, progress, fields);
  const chosen = new URLSearchParams(request.body).getAll('account');
  return allow(world, progress, bank, progress.user, chosen);
}

function chooseBank(world: World, progress: Progress, id: string): Answer {
  const bank = offeredBanks(progress.request).find((candidate) => candidate.id === id);
  if (bank === undefined)
    return showStep(world, progress, { message: 'Choose a bank of the list.' });
  return showStep(world, { ...progress, bankId: bank.id });
}

function logIn(world: World, progress: Progress, fields: ReadonlyMap<string, string>): Answer {
  const user = signIn(fields.get('username') ?? '', fields.get('password') ?? '');
  if (user === undefined) {
    return showStep(world, progress, { message: 'Username and password do not belong together.' });
  }
  return showStep(world, { ...progress, user: user.key });
}

function allow(
  world: World,
  progress: Progress,
  bank: Bank,
  user: string,
  chosen: readonly string[],
): Answer {
  const { request } = progress;
  const offered = shareable(world, request, bank, user);
  const accountKeys = offered
    .map(({ account }) => account)
    .filter(({ id }) => chosen.includes(id))
    .map(({ key }) => key);
  if (accountKeys.length === 0 && offered.length > 0) {
    return showStep(world, progress, { message: 'Choose at least one to share.' });
  }
  const now = nowOf(world.clock);
  const credentialsId = makeCredentialsId(user, bank.id);
  const code = sealCode(world.seals, {
    id: randomText(systemEntropy, 12),
    redirectUri: request.redirectUri,
    codeChallenge: request.codeChallenge ?? undefined,
    issuedAt: now,
    grant: {
      credentialsId,
      consentId: request.consentId ?? uuidOf('consent', credentialsId),
      clientId: request.clientId,
      providerId: bank.id,
      user,
      scopes: request.scopes,
      accountKeys,
      consentedAt: now,
    },
  });
  return sendBack(request, { code, scope: request.scopes.join(' ') });
}

function showStep(
  world: World,
  progress: Progress,
  extra: { message?: string; search?: string } = {},
): Answer {
  const { request } = progress;
  const session = world.seals.seal('dialog', progress).toString('base64url');
  const frame = { session, message: extra.message };
  if (!progress.permitted) return permissionsPage(frame, request);
  const bank = findBank(progress.bankId ?? '');
  if (bank === undefined) return bankPage(frame, offeredBanks(request), extra.search ?? '');
  if (progress.user === null) return loginPage(frame, bank);
  const offered = shareable(world, request, bank, progress.user);
  return accountsPage(
    frame,
    bank,
    offered.map(({ account }) => account),
  );
}

function shareable(
  world: World,
  request: AuthRequest,
  bank: Bank,
  user: string,
): readonly Ledger[] {
  const { ledgers } = world.holder.holdingsOf(user, bank.id, nowOf(world.clock));
  return ledgers.filter((ledger) => isShareable(bank, ledger, request.scopes));
}

function sendBack(address: ReturnAddress, fields: ReturnFields): Answer {
  if (address.formPost) return formPostPage(address.redirectUri, withState(address, fields));
  return redirectAnswer(returnUrl(address, fields));
}

function openProgress(world: World, session: string | null): Progress | undefined {
  // What opens was sealed by us, so its shape is known.
  const opened = world.seals.open('dialog', Buffer.from(session ?? '', 'base64url'));
  const progress = opened as Progress | undefined;
  if (progress === undefined || progress.request.clientId !== world.client.id) return undefined;
  return world.clock.now() - progress.startedAt > DIALOG_LIFE_MILLISECONDS ? undefined : progress;
}

function expiredPage(): Answer {
  return errorPage('This page has expired. Go back to the app and start again.');
}

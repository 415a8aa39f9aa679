import { nowOf } from '../../base/clock.ts';
import { randomText, uuidOf } from '../../base/entropy.ts';
import type { PlannedAccount } from '../people/accounts-plan.ts';
import { redirectAnswer, type Answer } from '../answer.ts';
import {
  offeredBanks,
  readAuthLink,
  returnUrl,
  withState,
  type AuthRequest,
  type ReturnAddress,
  type ReturnFields,
} from './auth-request.ts';
import type { Bank } from '../banks/bank.ts';
import { errorPage, formPostPage } from './dialog-end-pages.ts';
import { accountsPage, bankPage, branchPage, loginPage, permissionsPage } from './dialog-pages.ts';
import {
  beginDialog,
  goOn,
  openProgress,
  sealProgress,
  stepOf,
  type Progress,
  type UndatedGrant,
} from './dialog-progress.ts';
import { makeCredentialsId, sealCode } from './grant.ts';
import { signIn, userOf } from '../people/users.ts';
import { isShareable } from '../data/wire.ts';
import type { SimulatorRequest, World } from '../world.ts';

/** `GET /`: opens the dialog of an auth link, or says why not. */
export function openDialog(world: World, query: URLSearchParams): Answer {
  const link = readAuthLink(query, world.client, world.banks);
  if (link.kind === 'unsafe') return errorPage(link.reason);
  if (link.kind === 'refused') {
    const { address, error, description } = link;
    return sendBack(address, { error, error_description: description });
  }
  return showStep(world, beginDialog(world, link.request));
}

/** `GET /dialog`: a dialog that began elsewhere, or its list of banks with a search. */
export function showDialog(world: World, query: URLSearchParams): Answer {
  const progress = openProgress(world, query.get('session'));
  if (progress === undefined) return expiredPage();
  return showStep(world, progress, { search: query.get('search') ?? '' });
}

/** `POST /dialog`: takes one step. */
export function continueDialog(world: World, { body }: SimulatorRequest): Answer {
  const fields = new URLSearchParams(body);
  const progress = openProgress(world, fields.get('session'));
  if (progress === undefined) return expiredPage();
  if (fields.get('action') === 'cancel') {
    return sendBack(progress.request, {
      error: 'access_denied',
      error_description: 'The user cancelled.',
    });
  }
  const step = stepOf(world, progress);
  switch (step.name) {
    case 'permissions':
      return showStep(world, goOn(world, progress, { permitted: true }));
    case 'bank':
      return chooseBank(world, progress, fields.get('provider') ?? '');
    case 'branch':
      return chooseBranch(world, progress, step.bank, fields.get('branch') ?? '');
    case 'login':
      return logIn(world, progress, step.bank, fields);
    case 'accounts':
      return share(world, progress, step.bank, step.user, fields.getAll('account'));
  }
}

function chooseBank(world: World, progress: Progress, bankId: string): Answer {
  if (!offeredBanks(progress.request, world.banks).some(({ id }) => id === bankId)) {
    return showStep(world, progress, { message: 'Choose a bank of the list.' });
  }
  return showStep(world, goOn(world, progress, { bankId }));
}

/** The choice is asked for as in life, and leads to the same bank whatever it is. */
function chooseBranch(world: World, progress: Progress, bank: Bank, branch: string): Answer {
  if (!bank.branches?.some(([value]) => value === branch)) {
    return showStep(world, progress, { message: 'Choose a branch of the list.' });
  }
  return showStep(world, goOn(world, progress, { branch }));
}

function logIn(world: World, progress: Progress, bank: Bank, fields: URLSearchParams): Answer {
  const user = signIn(fields.get('username') ?? '', fields.get('password') ?? '');
  if (user === undefined) {
    return showStep(world, progress, { message: 'Username and password do not belong together.' });
  }
  const { renews } = progress;
  if (renews === null) return showStep(world, goOn(world, progress, { user: user.key }));
  if (userOf(renews.user).person !== user.person) {
    return showStep(world, progress, { message: 'This connection belongs to another customer.' });
  }
  // What is shared was chosen the first time, and stays.
  return allow(world, progress, bank, { ...renews, user: user.key });
}

function share(
  world: World,
  progress: Progress,
  bank: Bank,
  user: string,
  chosen: readonly string[],
): Answer {
  const { clientId, consentId, scopes } = progress.request;
  const offered = shareable(world, progress.request, bank, user);
  const accountKeys = offered.filter(({ id }) => chosen.includes(id)).map(({ key }) => key);
  if (accountKeys.length === 0 && offered.length > 0) {
    return showStep(world, progress, { message: 'Choose at least one to share.' });
  }
  const credentialsId = makeCredentialsId(world.entropy, user, bank.id);
  return allow(world, progress, bank, {
    credentialsId,
    consentId: consentId ?? uuidOf('consent', credentialsId),
    clientId,
    providerId: bank.id,
    user,
    scopes,
    accountKeys,
  });
}

/** The user has authenticated and agreed: back to the app with a code. */
function allow(world: World, progress: Progress, bank: Bank, allowed: UndatedGrant): Answer {
  const { flow, request } = progress;
  const { memory } = world;
  const now = nowOf(world.clock);
  const grant = { ...allowed, consentedAt: now, authenticatedAt: now };
  const { consentId, credentialsId } = grant;
  memory.noteGrant(grant);
  memory.trackedEvents.note(flow, 'provider_authorized', {
    providerId: bank.id,
    credentialsId,
    consentId,
  });
  const code = sealCode(world.seals, {
    id: randomText(world.entropy, 12),
    flow,
    redirectUri: request.redirectUri,
    codeChallenge: request.codeChallenge ?? undefined,
    issuedAt: now,
    grant,
  });
  return sendBack(request, { code, scope: request.scopes.join(' ') });
}

function showStep(
  world: World,
  progress: Progress,
  extra: { message?: string; search?: string } = {},
): Answer {
  const { request } = progress;
  const frame = { session: sealProgress(world, progress), message: extra.message };
  const step = stepOf(world, progress);
  switch (step.name) {
    case 'permissions':
      return permissionsPage(frame, request, world.banks.find(progress.renews?.providerId ?? ''));
    case 'bank':
      return bankPage(frame, offeredBanks(request, world.banks), extra.search ?? '');
    case 'branch':
      return branchPage(frame, step.bank);
    case 'login':
      return loginPage(frame, step.bank);
    case 'accounts':
      return accountsPage(frame, step.bank, shareable(world, request, step.bank, step.user));
  }
}

function shareable(
  world: World,
  request: AuthRequest,
  bank: Bank,
  user: string,
): readonly PlannedAccount[] {
  const { accounts } = world.ledgers.holdingsOf(user, bank.id);
  return accounts.filter((account) => isShareable(bank, account, request.scopes));
}

function sendBack(address: ReturnAddress, fields: ReturnFields): Answer {
  if (address.formPost) return formPostPage(address.redirectUri, withState(address, fields));
  return redirectAnswer(returnUrl(address, fields));
}

function expiredPage(): Answer {
  return errorPage('This page has expired. Go back to the app and start again.');
}

import type { App } from '../../src/app.ts';
import { uuidOf } from '../../src/base/entropy.ts';
import { parseZone } from '../../src/base/zones.ts';
import { takeAnswer } from '../../src/consents/complete.ts';
import { findLinkByState } from '../../src/consents/find-link.ts';
import { issueAuthLink, type IssuedAuthLink, type Viewer } from '../../src/consents/link.ts';
import { AuthLinkError } from '../../src/consents/link-error.ts';
import { openLink } from '../../src/consents/open.ts';
import { PERMISSIONS_TEXT_VERSION } from '../../src/consents/permissions.ts';
import { renewConsent } from '../../src/consents/renew.ts';
import { revokeConsent } from '../../src/consents/revoke.ts';
import { readAnswer } from '../../src/consents/way-back.ts';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { walkDialog } from '../../src/simulator/walk.ts';
import type { AccountTurn, Person } from './person.ts';

/** Where people act. */
export interface Place {
  readonly app: App;
  readonly simulator: Simulator;
}

const SCOPES = ['info', 'accounts', 'balance', 'cards', 'offline_access'];

/** What of a person their bank and the house come to know. */
export type Visitor = Pick<Person, 'number' | 'user' | 'password' | 'providerId' | 'zone'>;

/** The viewer that a person is here. */
export function viewerOf({ number, zone }: Pick<Person, 'number' | 'zone'>): Viewer {
  const [issuer, subject] = ['https://life.test', `person-${number}`];
  return { id: uuidOf('viewer', issuer, subject), issuer, subject, timeZone: parseZone(zone) };
}

/** Connects a bank, the first time, with those of the scopes that it has. Gives the consent's id. */
export async function connect(
  place: Place,
  person: Person,
  wanted: readonly string[] = SCOPES,
): Promise<string> {
  const bank = place.simulator.banks.find(({ id }) => id === person.providerId);
  const scopes = wanted.filter(
    (scope) => bank?.scopes.includes(scope) && (person.stays || scope !== 'offline_access'),
  );
  return connectAs(place.app, person, scopes);
}

/** Connects a bank with these scopes. Gives the consent's id. */
export async function connectAs(
  app: App,
  person: Visitor,
  scopes: readonly string[],
): Promise<string> {
  const { providerId } = person;
  const link = await issueAuthLink(app, viewerOf(person), { providerId, scopes });
  return goToBank(app, person, link, {});
}

/** What a person does at the bank. */
export interface Visit {
  readonly cancels?: boolean;
  /** Names of what is shared; everything if not given. */
  readonly accounts?: readonly string[];
}

/** Renews a consent. Gives whether there is a new period. */
export async function renew(
  place: Place,
  person: Person,
  consentId: string,
  visit: Visit,
): Promise<boolean> {
  const { app } = place;
  const viewer = viewerOf(person);
  const { scopes } = await app.database
    .reader(viewer.id)
    .consent.findUniqueOrThrow({ where: { id: consentId } });
  const renewal = await renewConsent(app, viewer, {
    consentId,
    returnTo: null,
    reconfirmation: { textVersion: PERMISSIONS_TEXT_VERSION, scopes },
  });
  if (renewal.link === null) return true;
  try {
    await goToBank(app, person, renewal.link, visit);
    return true;
  } catch (error) {
    if (visit.cancels && error instanceof AuthLinkError) return false;
    throw error;
  }
}

/** Has the bank show a person's accounts otherwise. */
export function turnAccounts(
  { simulator }: Place,
  { user, providerId }: Person,
  { changes }: AccountTurn,
): void {
  for (const { key, change } of changes) simulator.changeAccount({ user, providerId }, key, change);
}

/** What a person shares the next time, as the bank calls it now. */
export function choiceOf(
  { simulator }: Place,
  { user, providerId }: Person,
  { leavesOut }: AccountTurn,
): Pick<Visit, 'accounts'> {
  if (leavesOut === null) return {};
  const { accounts, cards } = simulator.truth(user, providerId);
  const left = [...accounts, ...cards].filter(({ key }) => key !== leavesOut);
  return left.length === 0 ? {} : { accounts: left.map(({ id }) => id) };
}

/** Takes a consent back here. */
export async function takeBack({ app }: Place, person: Person, consentId: string): Promise<void> {
  await revokeConsent(app, { viewerId: viewerOf(person).id, consentId, data: 'KEEP' });
}

async function goToBank(
  app: App,
  person: Visitor,
  issued: IssuedAuthLink,
  { cancels = false, accounts }: Visit,
): Promise<string> {
  const dialog = await openLink(app, issued.url.split('/').at(-1) ?? '');
  const { fields } = await walkDialog(dialog, {
    user: person.user,
    password: person.password,
    ...(cancels ? { deny: 'login' as const } : {}),
    ...(accounts === undefined ? {} : { accounts }),
  });
  const link = await findLinkByState(app, fields['state'] ?? '');
  if (link === null) throw new Error(`person ${person.number} came back by no link`);
  const answer = readAnswer(app, fields['code'] ?? null, fields['error'] ?? null, []);
  return takeAnswer(app, link, answer);
}

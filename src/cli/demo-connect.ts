import { styleText } from 'node:util';
import {
  AuthLinkDocument,
  LinkOutcomeDocument,
  BanksDocument,
  FollowConsentDocument,
  type FollowConsentSubscription,
} from '../generated/client/graphql.ts';
import type { Bank } from '../simulator/banks/bank.ts';
import { walkDialog } from '../simulator/walk.ts';
import { type DemoClient, readPages } from './demo-client.ts';
import type { Stage } from './stage.ts';

/** Who signs in at the simulated bank. */
const BANK_USER = { user: 'john', password: 'doe' };
const HISTORY_MILLISECONDS_MAX = 180_000;
const BANKS_NAMED = 5;

/** Gets a bearer token, as an identity provider would give one to the app of a user. */
export async function fetchToken(stage: Stage, tokenUrl: string, user: string): Promise<string> {
  return stage.play('Signing in', async () => {
    const response = await fetch(`${tokenUrl}?user=${user}`);
    if (!response.ok) throw new Error(`the issuer answered ${response.status}`);
    stage.tell(`The development issuer gave ${user} a token.`);
    return (await response.text()).trim();
  });
}

/**
 * Lists the banks, by number and a few names, and chooses one.
 *
 * @param wanted - its provider id, or that without what stands before the first dash
 * @returns its provider id
 */
export async function chooseBank(
  stage: Stage,
  client: DemoClient,
  wanted: string,
): Promise<string> {
  return stage.play('Choosing a bank', async () => {
    const banks = await readPages(async (after) => {
      const { providers } = await client.ask(BanksDocument, { first: 100, after });
      return providers;
    });
    stage.expect(banks.length > 1, 'there should be banks to choose from');
    const countries = new Set(banks.map((bank) => bank.country));
    stage.tell(`${banks.length} banks in ${countries.size} countries.`);
    const names = banks.slice(0, BANKS_NAMED).map((bank) => bank.displayName);
    stage.tell(styleText('dim', `${names.join(', ')} and others`));
    const ids = banks.map(({ providerId }) => providerId);
    // An unknown one is left to the server to refuse.
    return ids.find((id) => id === wanted || id.replace(/^[^-]+-/, '') === wanted) ?? wanted;
  });
}

/** Says what a client of this bank has to live with. */
export async function showCharacter(stage: Stage, bank: Bank): Promise<void> {
  await stage.play('What this bank is like', async () => {
    const minutes = Math.round(bank.windowSeconds / 60);
    stage.tell(`Old rows are served for ${minutes} minutes, later only ${bank.laterDays} days.`);
    if (bank.accountIds === 'per-consent') {
      stage.tell('Each consent shows the same accounts under other ids.');
    }
    if (bank.transactionIds === 'changing') {
      stage.tell('Each answer shows the same transactions under other ids.');
    }
  });
}

/**
 * Connects a bank the whole way: the link, the bank's own pages, the way back.
 *
 * @returns the id of the new consent
 */
export async function connectBank(stage: Stage, client: DemoClient, bank: string): Promise<string> {
  const link = await stage.play('Asking for an auth link', async () => {
    // The demo may have run before, and linked the same bank.
    const input = { providerId: bank, acknowledgeSameProvider: true };
    const { authLink } = await client.ask(AuthLinkDocument, { input });
    if (authLink.__typename !== 'IssuedAuthLink') {
      throw new Error(`${authLink.code}: ${authLink.message}`);
    }
    stage.tell(`A link to ${bank}, good until ${timeOf(authLink.expiresAt)} UTC, for one use.`);
    return authLink;
  });
  const back = await stage.play("Walking the bank's pages", async () => {
    const dialog = (await client.open(link.url)).headers.get('location');
    if (dialog === null) throw new Error('the link leads nowhere');
    const end = await walkDialog(dialog, BANK_USER);
    stage.tell(`${BANK_USER.user} signed in, chose what to share, and was sent back.`);
    return end.url;
  });
  return stage.play('Coming back', async () => {
    const page = await (await client.open(back)).text();
    const title = /<title>([^<]*)<\/title>/.exec(page)?.[1] ?? 'a page without a title';
    stage.tell(`The server says: ${styleText('italic', title)}.`);
    const { authLink } = await client.ask(LinkOutcomeDocument, { id: link.id });
    const consent = authLink?.consent ?? null;
    if (consent === null) throw new Error(`the link ended as ${authLink?.code ?? 'unknown'}`);
    return consent.id;
  });
}

/** Follows the history of a consent as it arrives, until it is complete. */
export async function followHistory(
  stage: Stage,
  client: DemoClient,
  consentId: string,
): Promise<void> {
  await stage.play('Receiving the history', async () => {
    const started = performance.now();
    for await (const { consent } of client.follow(
      FollowConsentDocument,
      { id: consentId },
      HISTORY_MILLISECONDS_MAX,
    )) {
      const { spansTotal, spansDone, complete, gaps } = consent.history;
      stage.progress(spansDone, spansTotal, wordsOf(consent.history));
      if (!complete) continue;
      stage.endProgress();
      stage.expect(gaps.length === 0, `${gaps.length} stretches could not be had from the bank`);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      stage.tell(`Complete after ${seconds} s.`);
      return;
    }
    throw new Error('the server ended the news before the history was complete');
  });
}

function wordsOf(history: FollowConsentSubscription['consent']['history']): string {
  const { spansTotal, spansDone, oldestDay } = history;
  if (spansTotal === 0) return 'asking for the accounts';
  const since = oldestDay === null ? '' : `, everything since ${oldestDay}`;
  return `${spansDone} of ${spansTotal} stretches${since}`;
}

function timeOf(instant: string): string {
  return instant.slice(11, 16);
}

import { styleText } from 'node:util';
import { nowOf, systemClock } from '../base/clock.ts';
import { addDays, addMonths, dayOf, daysBetween, parseDay } from '../base/days.ts';
import {
  AccountsDocument,
  type AccountsQuery,
  ConsentDocument,
  TransactionsDocument,
} from '../generated/client/graphql.ts';
import { drawChart, mainCurrency, type Movement, showMinorUnits, sumMonths } from './chart.ts';
import { type DemoClient, readPages } from './demo-client.ts';
import type { Stage } from './stage.ts';

type Account = AccountsQuery['accounts']['nodes'][number];

const PAGE = 100;
const CHART_MONTHS = 12;
const TRANSACTIONS_MIN = 1_000;
/** How far the simulated banks go back, and how much of it a quiet account may leave empty. */
const HISTORY_MONTHS = 72;
const QUIET_DAYS = 31;

/** Shows all accounts and cards with their balances. */
export async function showAccounts(stage: Stage, client: DemoClient): Promise<void> {
  await stage.play('Accounts and balances', async () => {
    const accounts = await readPages(async (after) => {
      const page = await client.ask(AccountsDocument, { first: PAGE, after });
      return page.accounts;
    });
    for (const account of accounts) {
      const name = account.displayName.slice(0, 31).padEnd(32);
      stage.tell(`${name}${styleText('dim', numberOf(account).padEnd(17))}${balanceOf(account)}`);
    }
    stage.expect(accounts.length > 1, 'there should be more than one account');
    const bare = accounts.filter(({ balance }) => (balance?.current ?? balance?.owed) == null);
    stage.expect(
      bare.length === 0,
      `these have no balance: ${bare.map((account) => account.displayName).join(', ')}`,
    );
  });
}

/** Reads all transactions, and draws the money of the last months. */
export async function showTransactions(stage: Stage, client: DemoClient): Promise<void> {
  await stage.play('Transactions', async () => {
    const started = performance.now();
    const movements = await readPages(async (after) => {
      const { transactions } = await client.ask(TransactionsDocument, { first: PAGE, after });
      return { ...transactions, nodes: transactions.nodes.map(movementOf) };
    });
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const count = movements.length.toLocaleString('en-GB');
    const oldest = movements.at(-1)?.bookedOn;
    stage.tell(`${count} of them, the oldest of ${oldest ?? 'no day'}; all read in ${seconds} s.`);
    stage.expect(
      movements.length > TRANSACTIONS_MIN,
      `there should be more than ${TRANSACTIONS_MIN} transactions`,
    );
    const today = dayOf(nowOf(systemClock));
    const wanted = addDays(addMonths(today, -HISTORY_MONTHS), QUIET_DAYS);
    stage.expect(
      oldest !== undefined && oldest <= wanted,
      `the oldest transaction should be of ${wanted} or before`,
    );
    showChart(stage, movements, today.slice(0, 7));
  });
}

/** Shows how long the consent lasts. */
export async function showConsent(
  stage: Stage,
  client: DemoClient,
  consentId: string,
): Promise<void> {
  await stage.play('The consent', async () => {
    const { consent } = await client.ask(ConsentDocument, { id: consentId });
    if (consent === null) throw new Error('the consent is gone');
    const given = parseDay(consent.consentedAt.slice(0, 10));
    const ends = parseDay(consent.endsAt.slice(0, 10));
    const days = daysBetween(given, ends);
    stage.tell(`${consent.status}, given on ${given}, ends on ${ends}, ${days} days later.`);
    stage.expect(consent.status === 'ACTIVE', 'the consent should be ACTIVE');
  });
}

function showChart(stage: Stage, movements: readonly Movement[], lastMonth: string): void {
  const currency = mainCurrency(movements);
  if (currency === null) return;
  const moneyIn = (text: string) => styleText('green', text);
  const moneyOut = (text: string) => styleText('magenta', text);
  stage.line();
  const title = `${currency} by month`.padEnd(22);
  stage.line(`${styleText('bold', title)}${moneyIn('in'.padStart(20))} ${moneyOut('out')}`);
  const months = sumMonths(movements, currency, lastMonth, CHART_MONTHS);
  for (const line of drawChart(months, currency, { moneyIn, moneyOut })) stage.line(line);
  stage.line(styleText('dim', 'Transfers between own accounts are counted, on both sides.'));
}

function movementOf(transaction: {
  readonly bookedOn: string;
  readonly amount: { readonly minorUnits: string; readonly currency: string };
}): Movement {
  const { minorUnits, currency } = transaction.amount;
  return { bookedOn: transaction.bookedOn, minorUnits: BigInt(minorUnits), currency };
}

function numberOf(account: Account): string {
  if (account.__typename === 'Card') return `${account.network ?? ''} ${account.lastDigits ?? ''}`;
  return `•••• ${(account.accountNumber ?? account.iban ?? '').slice(-4)}`;
}

function balanceOf({ balance }: Account): string {
  const money = balance?.current ?? balance?.owed;
  if (money == null) return 'no balance yet'.padStart(18);
  const amount = showMinorUnits(BigInt(money.minorUnits), money.currency).padStart(14);
  return `${amount} ${money.currency}${balance?.owed == null ? '' : ' owed'}`;
}

import { createHash } from 'node:crypto';
import { SECOND } from '../../base/clock.ts';
import type { PlannedAccount } from './accounts-plan.ts';
import { BILLS, billAt, billMinor, rentMinor } from './household-bills.ts';
import { SAVED_MONTHLY, SHARED_MONTHLY } from './household-transfers.ts';
import type { Household } from './household-life.ts';
import type { Holdings } from './ledger.ts';
import { monthOf, startOfDate } from './month.ts';
import { writeInstant } from '../data/wire-time.ts';
import { major, type Wire } from '../data/wire.ts';

/** What a household pays by standing order, from its main account. */
export function wireStandingOrders(
  holdings: Holdings,
  account: PlannedAccount,
  now: Date,
): readonly Wire[] {
  const { accounts, bank, household } = holdings;
  if (account.role !== 'main' || bank.tempo === 0) return [];
  const has = (role: string) => accounts.some((one) => one.role === role);
  const pounds = (amount: number) => amount * 100 * household.scale;
  const rent = rentMinor(household, monthOf(now.getTime()));
  return [
    orderOf(account, now, 1, rent, { payee: household.street.landlord, reference: 'RENT' }),
    ...(has('savings')
      ? [orderOf(account, now, 26, pounds(SAVED_MONTHLY), { reference: 'Savings' })]
      : []),
    ...(has('joint')
      ? [orderOf(account, now, 2, pounds(SHARED_MONTHLY), { payee: 'JOINT ACCOUNT' })]
      : []),
  ];
}

/**
 * What is taken from a household's main account by direct debit. Each row lacks something else of
 * what may lack.
 *
 * @param salt - makes other ids of the same mandates
 */
export function wireDirectDebits(
  { bank, household }: Holdings,
  account: PlannedAccount,
  now: Date,
  salt: number,
): readonly Wire[] {
  if (account.role !== 'main' || bank.tempo === 0) return [];
  return BILLS.map((bill, index) => {
    const id = createHash('sha256').update(`${account.id} ${bill.name} ${salt}`).digest('hex');
    const last = lastPayment(household, bill, now);
    return {
      direct_debit_id: id.slice(0, 32),
      timestamp: now.toISOString(),
      name: bill.shop(household)[0],
      ...(index % 3 === 2 ? {} : { status: 'Active' }),
      ...(index % 3 === 0 ? {} : { previous_payment_timestamp: new Date(last.at).toISOString() }),
      ...(index % 3 === 1
        ? {}
        : {
            previous_payment_amount: major(last.minor, account.currency),
            currency: account.currency,
          }),
      meta: {
        provider_mandate_identification: String(index + 6),
        provider_account_id: providerAccountId(account),
      },
    };
  });
}

function orderOf(
  account: PlannedAccount,
  now: Date,
  date: number,
  minor: number,
  words: { readonly payee?: string; readonly reference?: string },
): Wire {
  const month = monthOf(now.getTime());
  const at = (months: number) => writeInstant(new Date(startOfDate(month + months, date)));
  const amount = major(minor, account.currency);
  return {
    frequency: `IntrvlMnthDay:01:${String(date).padStart(2, '0')}`,
    status: 'Active',
    // Stamped to the second: so the recorded answers are.
    timestamp: new Date(Math.floor(now.getTime() / SECOND) * SECOND)
      .toISOString()
      .replace('.000', ''),
    currency: account.currency,
    meta: {
      provider_account_id: providerAccountId(account),
      ...(words.reference === undefined
        ? {}
        : { provider_standing_order_id: `${67_020_000 + date}` }),
    },
    next_payment_date: at(now.getTime() < startOfDate(month, date) ? 0 : 1),
    next_payment_amount: amount,
    first_payment_date: at(-30),
    first_payment_amount: amount,
    // This day stands for none.
    final_payment_date: '9999-12-31T00:00:00+00:00',
    final_payment_amount: amount,
    ...words,
  };
}

function lastPayment(household: Household, bill: (typeof BILLS)[number], now: Date) {
  const month = monthOf(now.getTime());
  const latest = billAt(bill, month) <= now.getTime() ? month : month - 1;
  return { at: billAt(bill, latest), minor: billMinor(household, bill, latest) };
}

function providerAccountId(account: PlannedAccount): string {
  return createHash('sha256').update(`provider ${account.id}`).digest('hex').slice(0, 20);
}

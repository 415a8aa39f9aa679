import { accountIdOf, type PlannedAccount } from '../people/accounts-plan.ts';
import { jsonAnswer, type Answer } from '../answer.ts';
import { isInWindow, lackOf, refusalOf, type DataCall } from './data-call.ts';
import { dataError } from './data-errors.ts';
import { rangeAt, readRange } from './date-range.ts';
import type { Fault } from '../faults.ts';
import { wireBooked, wirePending } from './holdings-endpoints.ts';
import type { View } from '../people/ledger.ts';
import { startTask } from './async-endpoints.ts';
import { wireBalance, type Wire } from './wire.ts';

interface BatchRequest {
  readonly from: string;
  readonly to: string;
  readonly pending: boolean;
  readonly balance: boolean;
  readonly accountIds: readonly string[] | undefined;
  readonly webhookUri: string | undefined;
}

/**
 * `POST /batch/transactions`: everything of a connection in one task. The service is giving this
 * endpoint up; it is here for those who still have it.
 */
export async function answerBatch(call: DataCall, fault: Fault | undefined): Promise<Answer> {
  const asked = readBatch(call.request.body);
  if (asked === undefined) return dataError('validation_error');
  const range = readRange(new URLSearchParams({ from: asked.from, to: asked.to }));
  if (range.kind !== 'days') return dataError('validation_error');
  const lack = lackOf(call, 'transactions', ...(asked.balance ? ['balance'] : []));
  if (lack !== undefined) return lack;
  const { bank } = call;
  const ask = (view: View, taskId: string | undefined): Answer => {
    const days = rangeAt(bank, range, isInWindow(call, view.now), view.now);
    if (days.kind === 'impossible') return dataError('invalid_date_range');
    if (days.kind === 'too-far-back')
      return refusalOf(bank, `older than ${bank.laterDays} days only`);
    const look = (isCard: boolean) =>
      chosen(call, asked)
        .filter(({ role }) => (role === 'card') === isCard)
        .map((account) => lookAt(call, account, asked, days, view));
    return jsonAnswer(200, {
      status: 'Succeeded',
      task_id: taskId,
      request: { from: `${range.from}T00:00:00`, to: `${range.to}T00:00:00` },
      results: { accounts: look(false), cards: look(true) },
    });
  };
  const query = new URLSearchParams(
    asked.webhookUri === undefined ? {} : { webhook_uri: asked.webhookUri },
  );
  const inQuery = { ...call, request: { ...call.request, query } };
  return startTask(inQuery, { endpoint: '/batch', ask }, fault, '/data/v1/batch/results');
}

function lookAt(
  { bank, grant, holdings, world }: DataCall,
  account: PlannedAccount,
  asked: BatchRequest,
  days: Parameters<typeof wireBooked>[3],
  view: View,
): Wire {
  return {
    account_id: accountIdOf(bank, account, grant.credentialsId),
    transactions: wireBooked(world, holdings, account, days, view),
    ...(asked.pending && bank.pending
      ? { pending_transactions: wirePending(world, holdings, account, view) }
      : {}),
    ...(asked.balance ? { balance: wireBalance(world.ledgers, holdings, account, view) } : {}),
  };
}

function chosen({ bank, grant, holdings }: DataCall, asked: BatchRequest): PlannedAccount[] {
  return holdings.accounts.filter((account) => {
    const id = accountIdOf(bank, account, grant.credentialsId);
    return grant.accountKeys.includes(account.key) && (asked.accountIds?.includes(id) ?? true);
  });
}

function readBatch(body: string): BatchRequest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { from, to, pending, balance, webhook_uri, account_ids_whitelist } = value as Record<
    string,
    unknown
  >;
  if (typeof from !== 'string' || typeof to !== 'string') return undefined;
  return {
    from,
    to,
    pending: pending === true,
    balance: balance === true,
    accountIds: Array.isArray(account_ids_whitelist)
      ? account_ids_whitelist.map(String)
      : undefined,
    webhookUri: typeof webhook_uri === 'string' ? webhook_uri : undefined,
  };
}

import { isIP } from 'node:net';
import type { BankAccess } from './bank.ts';
import type { EndpointKind } from './errors.ts';
import type { ExactJson } from './exact-json.ts';

/** One question to the Data API, and how its answer is read. */
export interface Question<T> {
  readonly kind: EndpointKind;
  /** The path with `{id}` where the account's id goes. */
  readonly endpoint: string;
  readonly accountId?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly statuses?: readonly number[];
  readonly read: (body: ExactJson, status: number) => T;
}

/** Where a question is asked. */
export function addressOf(apiUrl: string, question: Question<unknown>): string {
  const path = question.endpoint.replace('{id}', () =>
    encodeURIComponent(question.accountId ?? ''),
  );
  const query = Object.entries(question.query ?? {}).map(
    ([name, value]) => `${name}=${encodeURIComponent(value)}`,
  );
  return `${apiUrl}/data/v1${path}${query.length === 0 ? '' : `?${query.join('&')}`}`;
}

/** What every question bears: the token, and where the user is while they are present. */
export function headersOf(access: BankAccess): Record<string, string> {
  const { accessToken, psuIp = '' } = access;
  // An address that is none would have the call refused; without it the call is only unattended.
  return {
    authorization: `Bearer ${accessToken}`,
    ...(isIP(psuIp) === 0 ? {} : { 'x-psu-ip': psuIp }),
  };
}

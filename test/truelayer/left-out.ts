import type { Fate } from './leaves.ts';

/** A field of an official example that does not arrive in what we read of it. */
export interface LeftOut {
  /** The reader of the answer, or the one file. */
  readonly where: readonly string[];
  readonly path: string;
  readonly fate: Exclude<Fate, 'kept'>;
  readonly reason: string;
}

const TEXT = 'a text, which never decides and may quote what nobody should log';

/** Every such field, and why. A field that arrives must not stand here. */
export const LEFT_OUT: readonly LeftOut[] = [
  {
    where: ['account', 'balance', 'card', 'transaction', 'standingOrder', 'directDebit'],
    path: 'status',
    fate: 'decides',
    reason: 'an empty list is believed only of a call that succeeded',
  },
  {
    where: ['me'],
    path: 'results[].privacy_policy',
    fate: 'dropped',
    reason: 'the edition of a text of TrueLayer’s, which the user has accepted there',
  },
  {
    where: ['me', 'account', 'card'],
    path: 'results[].provider.logo_uri',
    fate: 'dropped',
    reason: 'deprecated: the list of providers has the logo in force',
  },
  {
    where: ['account', 'card'],
    path: 'results[].provider.display_name',
    fate: 'dropped',
    reason: 'deprecated: the list of providers has the name in force',
  },
  {
    where: ['transaction'],
    path: 'results[].meta.bank_transaction_id',
    fate: 'dropped',
    reason: 'deprecated: the same as provider_transaction_id',
  },
  {
    where: ['transaction'],
    path: 'results[].meta.cardNumber',
    fate: 'dropped',
    reason: 'the card is known by its account, and a second masked number is one more to guard',
  },
  {
    where: ['official/data-GetCardBalance200Response.json'],
    path: 'results[].update_timestamp',
    fate: 'dropped',
    reason: 'the example shows a day that does not exist',
  },
  {
    where: ['official/data-GetAccountStandingOrders200Response.json'],
    path: 'results[].final_payment_date',
    fate: 'none',
    reason: '9999-12-31: the order has no end',
  },
  {
    where: ['tokens', 'extension'],
    path: 'token_type',
    fate: 'dropped',
    reason: 'TrueLayer has no other than bearer tokens',
  },
  {
    where: ['authUri'],
    path: 'success',
    fate: 'decides',
    reason: 'a link is believed only of a call that succeeded',
  },
  { where: ['refusal'], path: 'error_description', fate: 'dropped', reason: TEXT },
  { where: ['refusal'], path: 'error_details.reason', fate: 'dropped', reason: TEXT },
  { where: ['refusal'], path: 'type', fate: 'dropped', reason: TEXT },
  { where: ['refusal'], path: 'title', fate: 'dropped', reason: TEXT },
  { where: ['refusal'], path: 'detail', fate: 'dropped', reason: TEXT },
  { where: ['refusal'], path: 'errors.ClientId[]', fate: 'dropped', reason: TEXT },
  {
    where: ['refusal'],
    path: 'status',
    fate: 'dropped',
    reason: 'the status of the answer itself counts',
  },
  {
    where: ['refusal'],
    path: 'instance',
    fate: 'dropped',
    reason: 'we know whom we asked',
  },
];

/** Files that nothing of ours reads, and why. */
export const FILES_LEFT_OUT: Readonly<Record<string, string>> = {
  'official/data-BatchResults200Response.json':
    'TrueLayer is taking the batch endpoint out of service; asynchronous calls stand in its place',
};

/**
 * Every kind of event that webhooks can tell of, and when it happens. The names are the wire's: never
 * renamed.
 */
export const EVENT_TYPES = {
  'consent.created': 'The user connected a bank.',
  'consent.expiring': 'The end of a consent is near: have it renewed.',
  'consent.reauth_required': 'The bank refuses: the user has to connect it again.',
  'consent.expired': 'The time of a consent is over.',
  'consent.revoked': 'The user took a consent back.',
  'consent.renewed': 'The user confirmed a consent anew.',
  'consent.changed': 'Something else about a consent changed: read it again.',
  'alert.raised': 'Something that the user should hear before it happens.',
  'accounts.changed': 'Accounts of a user, or their balances, came, changed or went.',
  'transactions.changed': 'Transactions of a user came, changed or went.',
  'history.completed': 'The past of a consent is here, as far as the bank gives it.',
  'provider.down': 'TrueLayer no longer recommends a bank at present. It is about no user.',
  'provider.up': 'TrueLayer recommends a bank again. It is about no user.',
} as const;

/** A key of that table. */
export type EventType = keyof typeof EVENT_TYPES;

/** What a test send bears in place of an event's type. */
export const TEST_TYPE = 'webhook.test';

/** What an event is about, in our own ids; the API's ids are made of them when it is sent. */
export interface EventSubject {
  readonly consentId?: string;
  readonly alertId?: string;
  readonly providerId?: string;
  readonly endpointId?: string;
  /** At most `ACCOUNTS_MAX`. */
  readonly accountIds?: readonly string[];
  /** Those of them that are gone by now, whose kind no row tells any more. */
  readonly goneKinds?: Readonly<Record<string, string>>;
  /** How many rows changed. */
  readonly count?: number;
}

/** How many accounts one event names: a payload is bounded, and the change log has the rest. */
export const ACCOUNTS_MAX = 100;

/** Something that happened, under one id wherever it is told. */
export interface OutboxEvent {
  readonly id: string;
  readonly type: EventType;
  readonly subject: EventSubject;
}

import { readFileSync } from 'node:fs';
import type pg from 'pg';
import type { TestClock } from 'pg-boss';
import type { WalkPlan } from '../../src/simulator/walk.ts';
import type { TestHouse } from '../support/house.ts';
import { User } from '../support/user.ts';

const RENEW = readFileSync(
  new URL('../../schema/operations/renew-consent.graphql', import.meta.url),
  'utf8',
);

/** Quick to read: no transactions. */
export const SMALL = {
  providerId: 'ob-lloyds',
  scopes: ['accounts', 'balance', 'offline_access'],
};
export const PERSON = { name: 'John Doe', email: 'canary-person@example.com' };
export const RETURN_TO = 'https://app.example/done';

/** Somebody with one consent to renew, in a house that other such people share. */
export class Holder {
  readonly #test: TestHouse;
  readonly user: User;
  readonly owner: pg.Client;
  /** As GraphQL and as the database know it. */
  id = '';
  uuid = '';

  constructor(test: TestHouse, owner: pg.Client, name: string) {
    this.#test = test;
    this.owner = owner;
    this.user = new User(test, name);
  }

  async connect(wishes: object = SMALL, plan: Partial<WalkPlan> = {}): Promise<this> {
    this.id = await this.user.connect(wishes, plan);
    this.uuid = Buffer.from(this.id, 'base64').toString().replace('Consent:', '');
    return this;
  }

  async renew(more: object = {}): Promise<any> {
    const { rows } = await this.owner.query('select scopes from consent where id = $1', [
      this.uuid,
    ]);
    const answer = await this.user.ask(RENEW, {
      consentId: this.id,
      returnTo: RETURN_TO,
      reconfirmation: { textVersion: 'v1', scopes: rows[0]?.scopes ?? ['accounts'] },
      ...more,
    });
    if (answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors));
    return answer.data.renewConsent;
  }

  /** Renews by a link, the whole way; gives what the address of the way back says. */
  async renewByLink(more: object = {}, plan: Partial<WalkPlan> = {}) {
    const { link } = await this.renew(more);
    return this.comeBack(await this.user.walk(link.url, plan));
  }

  async comeBack(address: string): Promise<Record<string, string>> {
    const response = await this.user.open(address);
    const { searchParams } = new URL(response.headers.get('location') ?? 'none:');
    return Object.fromEntries(searchParams);
  }

  async consent(): Promise<any> {
    return (await this.owner.query('select * from consent where id = $1', [this.uuid])).rows[0];
  }

  async credential(): Promise<any> {
    const statement = 'select * from consent_credential where consent_id = $1';
    return (await this.owner.query(statement, [this.uuid])).rows[0];
  }

  async access() {
    return { viewerId: (await this.consent()).viewer_id as string, consentId: this.uuid };
  }

  async receipts(): Promise<any> {
    const { data } = await this.user.ask(
      `query ($id: ID!) { consent(id: $id) { receipts {
        kind way period textVersion scopes receivedAt } } consents { nodes { id } } }`,
      { id: this.id },
    );
    if (data.consents.nodes.length !== 1) throw new Error('there is a second consent');
    return data.consent.receipts;
  }

  /** How the bank sees a connection. */
  stateOf(credentialsId: string) {
    return this.#test.simulator.consents().find((one) => one.credentialsId === credentialsId)
      ?.state;
  }
}

/** Moves a clock on, with nothing answered. */
export async function pass(clock: TestClock, milliseconds: number): Promise<void> {
  await clock.setTime(clock.now() + milliseconds);
}

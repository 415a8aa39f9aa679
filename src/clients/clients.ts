import { recordAct } from '../acts/acts.ts';
import type { App } from '../app.ts';
import { StartError } from '../base/errors.ts';
import { NOBODY, type Tx } from '../postgres/db.ts';
import { type ClientStore, countConsents, livingConsents, sealSecret } from './stored.ts';

/** A client as an operator may see it: never its secret. */
export interface StoredClient {
  readonly environment: string;
  readonly clientId: string;
  /** When its secret was last told. */
  readonly setAt: Date;
  /** How many living consents belong to it. */
  readonly consents: number;
}

/** A client and its secret, as an operator tells them. */
export interface ClientWish {
  readonly environment: string;
  readonly clientId: string;
  readonly secret: string;
  /** Lets it take the place of another client id. */
  readonly replace: boolean;
  /** Who says so, for the log of acts. */
  readonly operator: string;
  readonly now: Date;
}

/**
 * Stores a client, or another secret of the same one, which then counts in every process from its
 * next token call on.
 *
 * @returns what stood there before; null where nothing did
 * @throws StartError where another client id is stored, unless it may be replaced
 */
export async function setClient(
  store: ClientStore,
  wish: ClientWish,
): Promise<StoredClient | null> {
  const { environment, secret, operator, now } = wish;
  const [before] = await listClients(store, environment);
  const sealedSecret = await sealSecret(store, 'sealed_secret', environment, secret);
  const written = await store.database.transact(NOBODY, async (tx) => {
    const how = await write(tx, wish, sealedSecret);
    const subject = `${environment} ${wish.clientId}`;
    if (how !== 'REFUSED') await recordAct(tx, { operator, act: 'CLIENT_SET', subject, at: now });
    return how;
  });
  if (written === 'CREATED') return null;
  if (written === 'REPLACED') return before ?? null;
  const [other] = await listClients(store, environment);
  throw new StartError(
    `${environment} is stored with the client ${other?.clientId ?? 'that was removed just now'}, to ` +
      `which ${livingConsents(other?.consents ?? 0)} belong: these are lost to another client; ` +
      'say --replace if that is meant.',
  );
}

async function write(
  tx: Tx,
  { environment, clientId, replace, now }: ClientWish,
  sealedSecret: string,
): Promise<'CREATED' | 'REPLACED' | 'REFUSED'> {
  const data = { clientId, sealedSecret, setAt: now };
  // What the environment variables last said stays as it is, so that they are not taken for news.
  const { count } = await tx.bankClient.updateMany({ where: { environment, clientId }, data });
  if (count === 1) return 'REPLACED';
  if (replace) {
    const whole = { ...data, sealedSeed: null };
    await tx.bankClient.upsert({
      where: { environment },
      create: { environment, ...whole },
      update: whole,
    });
    return 'REPLACED';
  }
  const created = await tx.bankClient.createMany({
    data: [{ environment, ...data }],
    skipDuplicates: true,
  });
  return created.count === 1 ? 'CREATED' : 'REFUSED';
}

/** The clients that are stored, of every environment or of one. */
export async function listClients(
  store: Pick<App, 'database'>,
  environment?: string,
): Promise<readonly StoredClient[]> {
  const rows = await store.database.shared.bankClient.findMany({
    ...(environment === undefined ? {} : { where: { environment } }),
    select: { environment: true, clientId: true, setAt: true },
    orderBy: { environment: 'asc' },
  });
  return Promise.all(
    rows.map(async (row) => ({
      ...row,
      consents: await countConsents(store, row.environment, row.clientId),
    })),
  );
}

/**
 * Lets go of a client and its secret. Processes that speak as it get no more tokens.
 *
 * @param act - with `force` also while living consents belong to it
 * @returns what was removed
 * @throws StartError where there is none, or it is still needed
 */
export async function removeClient(
  store: Pick<App, 'database'>,
  environment: string,
  act: { readonly force: boolean; readonly operator: string; readonly now: Date },
): Promise<StoredClient> {
  const [client] = await listClients(store, environment);
  if (client === undefined) throw new StartError(`No client is stored for ${environment}.`);
  const { clientId, consents } = client;
  if (consents > 0 && !act.force) {
    throw new StartError(
      `${livingConsents(consents)} belong to the client ${clientId} of ${environment} and could not ` +
        'be read without it: say --force if that is meant.',
    );
  }
  await store.database.transact(NOBODY, async (tx) => {
    await tx.bankClient.deleteMany({ where: { environment, clientId } });
    const subject = `${environment} ${clientId}`;
    await recordAct(tx, { operator: act.operator, act: 'CLIENT_REMOVED', subject, at: act.now });
  });
  return client;
}

/** How many living consents belong to no client that is stored. */
export async function countStrays(
  { database }: Pick<App, 'database'>,
  stored: readonly StoredClient[],
): Promise<number> {
  const all = await database.scoutCount('consent', 'ended_at is null');
  return Math.max(0, all - stored.reduce((sum, { consents }) => sum + consents, 0));
}

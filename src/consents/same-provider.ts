import type { App } from '../app.ts';
import { ExpectedError } from '../base/errors.ts';
import { RENEWABLE } from './status.ts';

/** The bank is linked already: to renew that consent is simpler, if no second login is meant. */
export class SameProviderError extends ExpectedError {
  /** The viewer's consents there, the newest first. */
  readonly consentIds: readonly string[];

  constructor(consentIds: readonly string[]) {
    super(
      'SAME_PROVIDER_LINKED',
      'The viewer has linked this bank already: renew that consent, or ask again with acknowledgeSameProvider for another login.',
    );
    this.consentIds = consentIds;
  }
}

const NAMED_MAX = 20;

/**
 * Warns of a link to a bank that the viewer has linked already, also of one whose consent has to be
 * renewed. Two logins at one bank are legitimate, so where the user chooses the bank on its own page
 * nobody is stopped.
 *
 * @throws SameProviderError
 */
export async function refuseSameProvider(
  app: App,
  viewerId: string,
  { providerId }: { readonly providerId: string | null },
): Promise<void> {
  if (providerId === null) return;
  const { environment } = app.client;
  const linked = await app.database.reader(viewerId).consent.findMany({
    where: { environment, providerId, status: { in: [...RENEWABLE] } },
    select: { id: true },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: NAMED_MAX,
  });
  if (linked.length > 0) throw new SameProviderError(linked.map(({ id }) => id));
}

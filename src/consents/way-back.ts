import { setTimeout } from 'node:timers/promises';
import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import type { AuthLink } from '../generated/prisma/client.ts';
import { authLinkError } from './link-error.ts';
import { matchesHash } from './secrets.ts';

/** What the bank sent the user back with. */
export type BankAnswer = { readonly code: string } | { readonly error: string };

const CODE_CHARACTERS_MAX = 2_048;
const WAIT_MILLISECONDS = 100;
const WAITS_MAX = 50;

/**
 * Reads what of an address tells the bank's answer.
 *
 * @param issuers - every `iss` of the address: where an issuer is configured, another one's answer
 *   may be meant to have this server spend a code of somebody else
 * @throws AuthLinkError `ISSUER_REFUSED`, or `ANSWER_INCOMPLETE` unless there is either a code that
 *   can be one or an error
 * @see https://www.rfc-editor.org/rfc/rfc9207#section-2.4
 */
export function readAnswer(
  app: App,
  code: string | null,
  error: string | null,
  issuers: readonly string[],
): BankAnswer {
  const { truelayerIssuer } = app.config;
  if (truelayerIssuer !== null && issuers.some((issuer) => issuer !== truelayerIssuer)) {
    throw authLinkError('ISSUER_REFUSED');
  }
  if (code !== null && error === null && code !== '' && code.length <= CODE_CHARACTERS_MAX) {
    return { code };
  }
  if (error !== null && code === null && error !== '') return { error };
  throw authLinkError('ANSWER_INCOMPLETE');
}

/** Records that somebody came back by a link, the first time. */
export async function recordReturn(app: App, link: AuthLink): Promise<void> {
  if (link.returnedAt !== null) return;
  await app.database.transact(link.viewerId, (tx) =>
    tx.authLink.updateMany({
      where: { id: link.id, returnedAt: null },
      data: { returnedAt: nowOf(app.clock) },
    }),
  );
}

/**
 * What a link came to, for an answer of the bank that did not itself end it: the same answer gets
 * the same result again. Where another request is completing it at this moment, waits a few seconds
 * for that: browsers do ask twice.
 *
 * @returns the consent's id
 * @throws AuthLinkError whose code says why; `AUTH_LINK_USED` where another answer ended the link
 */
export async function answerOf(app: App, link: AuthLink, answer: BankAnswer): Promise<string> {
  const reader = app.database.reader(link.viewerId);
  for (let waits = 0; ; waits += 1) {
    const current = await reader.authLink.findUnique({
      where: { id: link.id },
      include: { consent: { select: { id: true } } },
    });
    // Gone with its user, who was erased meanwhile.
    if (current === null) throw authLinkError('AUTH_LINK_UNKNOWN');
    if (current.status === 'OPEN') throw authLinkError('AUTH_LINK_EXPIRED');
    if (wasEndedByAnother(current, answer)) throw authLinkError('AUTH_LINK_USED');
    if (current.consent !== null) return current.consent.id;
    if (current.status === 'COMPLETED' && current.renewsConsentId !== null) {
      return current.renewsConsentId;
    }
    if (current.errorCode !== null) throw authLinkError(current.errorCode);
    if (current.status !== 'CLAIMED' || waits === WAITS_MAX) {
      throw authLinkError('AUTH_LINK_IN_PROGRESS');
    }
    // For real, under any clock: the other request waits for a network.
    await setTimeout(WAIT_MILLISECONDS);
  }
}

function wasEndedByAnother(link: AuthLink, answer: BankAnswer): boolean {
  const code = 'code' in answer ? answer.code : undefined;
  if (link.codeHash !== null) return code === undefined || !matchesHash(code, link.codeHash);
  switch (link.status) {
    // Of an earlier version, which kept no hash of the code.
    case 'CLAIMED':
    case 'COMPLETED':
      return code === undefined;
    case 'CANCELLED':
      return code !== undefined;
    case 'FAILED':
      return code !== undefined && link.errorCode === 'BANK_REFUSED';
    default:
      return false;
  }
}

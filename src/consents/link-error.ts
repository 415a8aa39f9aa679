import { ExpectedError } from '../base/errors.ts';

/** A link that cannot be completed, with the reason in its code. */
export class AuthLinkError extends ExpectedError {}

const REFUSALS: Readonly<Record<string, string>> = {
  AUTH_LINK_UNKNOWN: 'No link was issued with this state.',
  AUTH_LINK_OF_ANOTHER_VIEWER: 'This link was begun by somebody else.',
  AUTH_LINK_EXPIRED: 'This link has expired: ask for a new one.',
  AUTH_LINK_IN_PROGRESS: 'This link is being completed: ask again in a moment.',
  AUTH_LINK_CANCELLED: 'The user cancelled at the bank: ask for a new link to try again.',
  CODE_REFUSED: 'The bank no longer accepts this code: ask for a new link to try again.',
  BANK_UNAVAILABLE: 'The bank could not be reached in time: ask for a new link to try again.',
  SERVER_MISCONFIGURED: 'This server is not accepted by TrueLayer: its operator has to mend that.',
};

/** The error of a code in the table above. */
export function authLinkError(code: string): AuthLinkError {
  return new AuthLinkError(code, REFUSALS[code] ?? 'The bank ended the link with an error.');
}

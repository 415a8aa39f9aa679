import { ExpectedError } from '../base/errors.ts';

/** Every way in which a link can fail to be completed, and what a developer is told of it. */
export const LINK_ERRORS = {
  AUTH_LINK_UNKNOWN: 'No link was issued with this state.',
  AUTH_LINK_OF_ANOTHER_VIEWER: 'This link was begun by somebody else.',
  AUTH_LINK_EXPIRED: 'This link has expired: ask for a new one.',
  AUTH_LINK_IN_PROGRESS: 'This link is being completed: ask again in a moment.',
  AUTH_LINK_CANCELLED: 'The user cancelled at the bank: ask for a new link to try again.',
  BANK_REFUSED: 'The bank ended the link with an error: ask for a new link to try again.',
  BANK_UNAVAILABLE: 'The bank could not be reached in time: ask for a new link to try again.',
  CODE_REFUSED: 'The bank no longer accepts this code: ask for a new link to try again.',
  SERVER_MISCONFIGURED: 'This server is not accepted by TrueLayer: its operator has to mend that.',
} as const;

/** A key of that table. */
export type LinkErrorCode = keyof typeof LINK_ERRORS;

/** A link that cannot be completed, with the reason in its code. */
export class AuthLinkError extends ExpectedError {}

/** The error of a code, also of one that a row has kept. */
export function authLinkError(code: string): AuthLinkError {
  return new AuthLinkError(code, LINK_ERRORS[code as LinkErrorCode]);
}

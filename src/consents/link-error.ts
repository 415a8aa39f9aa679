import { ExpectedError } from '../base/errors.ts';

const BEGIN_AGAIN = 'Go back to your app and begin again.';

/**
 * Every way in which a link can fail to be completed: what a developer is told of it, and what an
 * app or a page of ours tells the user.
 */
export const LINK_ERRORS = {
  AUTH_LINK_UNKNOWN: {
    message: 'No link was issued with this state.',
    userMessage: `This link is not known here. ${BEGIN_AGAIN}`,
  },
  AUTH_LINK_OF_ANOTHER_VIEWER: {
    message: 'This link was begun by somebody else.',
    userMessage: `Somebody else began this, so nothing was connected. ${BEGIN_AGAIN}`,
  },
  AUTH_LINK_EXPIRED: {
    message: 'This link has expired: ask for a new one.',
    userMessage: `It took too long, so nothing was connected. ${BEGIN_AGAIN}`,
  },
  AUTH_LINK_USED: {
    message: 'This link was ended before, by another answer of the bank: ask for a new one.',
    userMessage:
      'This was used already. Go back to your app; if your bank is not connected there, begin again.',
  },
  AUTH_LINK_IN_PROGRESS: {
    message: 'This link is being completed: ask again in a moment.',
    userMessage: 'Your bank is being connected. Look again in a minute.',
  },
  AUTH_LINK_CANCELLED: {
    message: 'The user cancelled at the bank: ask for a new link to try again.',
    userMessage: 'You cancelled, so nothing was connected.',
  },
  ANSWER_INCOMPLETE: {
    message: 'The bank’s answer has either one code or one error: pass on what it has.',
    userMessage: `Your bank’s answer is incomplete, so nothing was connected. ${BEGIN_AGAIN}`,
  },
  ISSUER_REFUSED: {
    message: 'The answer names another issuer than TrueLayer: do not use it.',
    userMessage: `This did not come from where your bank’s answer comes from. ${BEGIN_AGAIN}`,
  },
  BANK_REFUSED: {
    message: 'The bank ended the link with an error: ask for a new link to try again.',
    userMessage: `Your bank ended this with an error, so nothing was connected. ${BEGIN_AGAIN}`,
  },
  BANK_UNAVAILABLE: {
    message: 'The bank could not be reached in time: ask for a new link to try again.',
    userMessage: 'Your bank could not be reached. Go back to your app and try again in a while.',
  },
  CODE_REFUSED: {
    message: 'The bank no longer accepts this code: ask for a new link to try again.',
    userMessage: `Your bank did not confirm this, so nothing was connected. ${BEGIN_AGAIN}`,
  },
  ANOTHER_BANK: {
    message:
      'The user connected another bank than that of the consent to renew: that connection is ended, and the consent stays as it was.',
    userMessage: `That was another bank than the one to confirm, so nothing has changed. ${BEGIN_AGAIN}`,
  },
  CONSENT_TAKEN_BACK: {
    message: 'The consent to renew was taken back meanwhile: what was connected is ended.',
    userMessage: 'You disconnected this bank meanwhile, so it stays disconnected.',
  },
  SERVER_MISCONFIGURED: {
    message: 'This server is not accepted by TrueLayer: its operator has to mend that.',
    userMessage: 'Banks cannot be connected at the moment, through no fault of yours.',
  },
} as const;

/** A key of that table. */
export type LinkErrorCode = keyof typeof LINK_ERRORS;

/** A link that cannot be completed, with the reason in its code. */
export class AuthLinkError extends ExpectedError {
  /** In plain words, for the user. */
  readonly userMessage: string;

  constructor(code: LinkErrorCode) {
    super(code, LINK_ERRORS[code].message);
    this.userMessage = LINK_ERRORS[code].userMessage;
  }
}

/** The error of a code, also of one that a row has kept. */
export function authLinkError(code: string): AuthLinkError {
  return new AuthLinkError(code as LinkErrorCode);
}

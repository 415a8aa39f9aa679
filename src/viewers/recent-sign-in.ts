import { later, MINUTE, SECOND } from '../base/clock.ts';
import { ExpectedError } from '../base/errors.ts';

/** The user has to sign in anew before this can be asked for. */
export class SignInAgainError extends ExpectedError {
  constructor() {
    super(
      'SIGN_IN_AGAIN',
      `This needs a sign-in of the last ${SIGN_IN_MINUTES} minutes: have the user sign in again, and ask with the new token.`,
    );
  }
}

/** How long ago a sign-in may be for what cannot be undone. */
export const SIGN_IN_MINUTES = 10;
/** As much as the issuer's clock may be ahead of ours. */
const TOLERANCE_SECONDS = 5;

/**
 * Makes sure that the user has proved lately who they are. A token that is fresh says nothing of that:
 * apps get new ones without the user.
 *
 * @param signedInAt - as the token says; null where it does not
 * @throws SignInAgainError
 */
export function requireRecentSignIn(signedInAt: Date | null, now: Date): void {
  const recent =
    signedInAt !== null &&
    signedInAt >= later(now, -SIGN_IN_MINUTES * MINUTE) &&
    signedInAt <= later(now, TOLERANCE_SECONDS * SECOND);
  if (!recent) throw new SignInAgainError();
}

import { z } from 'zod';
import { webAddress, word } from './fields.ts';
import { tokensShape, type WireTokens } from './wire-tokens.ts';

/** What extending a consent came to: either new tokens, or a link that the user must follow. */
export type WireExtension =
  | {
      /** `NO_ACTION_NEEDED`, or what TrueLayer adds. */
      readonly actionNeeded: string;
      readonly tokens: WireTokens;
      readonly userInputLink: null;
    }
  | {
      /** `AUTHENTICATION_NEEDED`, `RECONFIRMATION_OF_CONSENT_NEEDED`, or what TrueLayer adds. */
      readonly actionNeeded: string;
      readonly tokens: null;
      /** The bank's page or TrueLayer's; from there the user comes back with a code. */
      readonly userInputLink: string;
    };

const action = z.object({ action_needed: word });

const extended = action.and(tokensShape).transform(({ action_needed, ...tokens }) => ({
  actionNeeded: action_needed,
  tokens,
  userInputLink: null,
}));

const unfinished = action.extend({ user_input_link: webAddress }).transform((wire) => ({
  actionNeeded: wire.action_needed,
  tokens: null,
  userInputLink: wire.user_input_link,
}));

/**
 * Reads the answer of `/connections/extend`. Tokens are taken whatever the word beside them says,
 * since a changed refresh token comes only once.
 */
export const extensionShape: z.ZodType<WireExtension> = z.union([extended, unfinished]);

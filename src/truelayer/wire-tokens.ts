import { z } from 'zod';
import { scopes } from './fields.ts';

/** Tokens as an answer gives them, in plaintext. */
export interface WireTokens {
  readonly accessToken: string;
  /** Null without `offline_access`, and where the old one stays in force. */
  readonly refreshToken: string | null;
  /** How long to trust the access token, 60 to 3,600. */
  readonly lifeSeconds: number;
  /** What was granted; empty where the answer does not say. */
  readonly scopes: readonly string[];
}

/** The life of an access token whose answer gives none that makes sense. */
export const LIFE_SECONDS_DEFAULT = 300;
const LIFE_SECONDS_MIN = 60;
const LIFE_SECONDS_MAX = 3_600;

/**
 * TrueLayer's access tokens live for 5 to 60 minutes. Nothing below a minute is believed, so that
 * no answer can set off refresh upon refresh; a token that does die sooner is refreshed when it is
 * rejected.
 */
function lifeSeconds(given: unknown): number {
  const seconds = typeof given === 'string' && given.trim() !== '' ? Number(given) : Number.NaN;
  if (!(seconds > 0)) return LIFE_SECONDS_DEFAULT;
  return Math.floor(Math.min(Math.max(seconds, LIFE_SECONDS_MIN), LIFE_SECONDS_MAX));
}

/**
 * Reads the tokens of `/connect/token` or `/connections/extend`. What may be wrong without harm is
 * mended here: losing a changed refresh token over the spelling of `expires_in` would end a
 * consent.
 */
export const tokensShape: z.ZodType<WireTokens> = z
  .object({
    // A token that no header can carry would fail every call with an error that quotes it.
    access_token: z.string().regex(/^[\x21-\x7e]+$/),
    refresh_token: z
      .unknown()
      .optional()
      .transform((value) => (typeof value === 'string' && value !== '' ? value : null)),
    expires_in: z.unknown().optional().transform(lifeSeconds),
    scope: scopes,
  })
  .transform((wire) => ({
    accessToken: wire.access_token,
    refreshToken: wire.refresh_token,
    lifeSeconds: wire.expires_in,
    scopes: wire.scope,
  }));

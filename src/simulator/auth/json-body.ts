import { z } from 'zod';
import { CHALLENGE } from './auth-request.ts';
import type { RenewalReturn } from './dialog-progress.ts';
import { readJson } from '../fields.ts';
import type { SimulatorRequest } from '../world.ts';

/** A text that must be there. */
export const TEXT = z.string().min(1);

/** A text that may be missing or null. */
export const MAYBE_TEXT = z.string().nullish();

/** The person whom an app asks for: a name, and one way to reach them. */
export const PERSON = z
  .object({ id: MAYBE_TEXT, name: TEXT, email: MAYBE_TEXT, phone: MAYBE_TEXT })
  .refine(({ email, phone }) => Boolean(email) || Boolean(phone), {
    path: ['email'],
    // Also beside a missing name: the app is told of everything at once.
    when: ({ value }) => typeof value === 'object' && value !== null,
  });

/** Where the user goes in the end, as fields of every body that leads to a dialog. */
export const RETURN = {
  redirect_uri: TEXT,
  state: MAYBE_TEXT,
  code_challenge: z.string().regex(CHALLENGE).nullish(),
  response_mode: z.literal('form_post').nullish(),
};

/** The fields of `RETURN`, read. */
export type ReturnBody = z.output<z.ZodObject<typeof RETURN>>;

/** The same as the dialog keeps it. */
export function returnOf(body: ReturnBody): RenewalReturn {
  return {
    redirectUri: body.redirect_uri,
    state: body.state ?? null,
    formPost: body.response_mode === 'form_post',
    codeChallenge: body.code_challenge ?? null,
  };
}

/** A field that is missing or not as it must be. */
export interface BodyFault {
  /** The wire's own names, from the outside in. */
  readonly path: readonly string[];
  readonly kind: 'required' | 'invalid';
}

/** A body as its endpoint wants it, or all that is wrong with it. */
export type BodyReading<T> =
  | { readonly ok: true; readonly body: T }
  | { readonly ok: false; readonly faults: readonly BodyFault[] };

/** Reads a JSON body. One that is no JSON object is read as an empty one. */
export function readBody<T>(schema: z.ZodType<T>, request: SimulatorRequest): BodyReading<T> {
  const value = readJson(request) ?? {};
  const read = schema.safeParse(value);
  if (read.success) return { ok: true, body: read.data };
  const faults = read.error.issues.map((issue): BodyFault => {
    const path = issue.path.map(String);
    return { path, kind: isMissing(value, path) ? 'required' : 'invalid' };
  });
  return { ok: false, faults };
}

function isMissing(value: unknown, path: readonly string[]): boolean {
  const found = path.reduce<unknown>(
    (at, name) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, name)
        ? at[name as keyof typeof at]
        : undefined,
    value,
  );
  return found === undefined || found === null || found === '';
}

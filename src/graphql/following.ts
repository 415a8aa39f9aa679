import type { Context, TokenViewer } from './context.ts';

/** Ends when the caller is gone, their rows are erased, or the token ends by which they follow. */
export function untilTokenEnds(
  { app: { clock }, signal }: Context,
  { expiresAt }: TokenViewer,
): AbortSignal {
  const expired = new AbortController();
  const timer = clock.setTimeout(
    () => expired.abort(),
    Math.max(expiresAt.getTime() - clock.now(), 0),
  );
  const ended = AbortSignal.any([signal, expired.signal]);
  ended.addEventListener('abort', () => clock.clearTimeout(timer), { once: true });
  return ended;
}

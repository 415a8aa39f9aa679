/** What goes back over HTTP, before the socket is involved. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** So many blanks follow the body. */
  readonly blanksAfter?: number;
  /** Half of the body goes out, and then nothing more, or the line is cut. */
  readonly ending?: 'stalls' | 'breaks';
}

/** Headers of the real service that keep answers out of frames and guesses. */
const GUARDS = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'deny',
  'X-XSS-Protection': '1; mode=block',
  'Referrer-Policy': 'no-referrer',
} as const;

/** A JSON answer that nobody may store. */
export function jsonAnswer(status: number, value: unknown): Answer {
  return {
    status,
    headers: {
      ...GUARDS,
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none';",
    },
    body: JSON.stringify(value),
  };
}

/** An answer with a status and nothing else. */
export function emptyAnswer(status: number): Answer {
  return { status, headers: { ...GUARDS, 'Cache-Control': 'no-store' }, body: '' };
}

/** A page that no cache keeps, no frame shows and that names no referrer. */
export function pageAnswer(status: number, markup: string, policy: string): Answer {
  return {
    status,
    headers: {
      ...GUARDS,
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      'Content-Security-Policy': policy,
    },
    body: markup,
  };
}

/** The way back to the app. 302 as the real service answers. */
export function redirectAnswer(location: string): Answer {
  const { headers } = emptyAnswer(302);
  return { status: 302, headers: { ...headers, Location: location }, body: '' };
}

/** The same answer with more headers, and others in place of those it had, in whatever case. */
export function withHeaders(answer: Answer, headers: Readonly<Record<string, string>>): Answer {
  const known = new Map(Object.keys(answer.headers).map((name) => [name.toLowerCase(), name]));
  const named = Object.entries(headers).map(
    ([name, value]) => [known.get(name.toLowerCase()) ?? name, value] as const,
  );
  return { ...answer, headers: { ...answer.headers, ...Object.fromEntries(named) } };
}

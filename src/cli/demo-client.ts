import type { TypedDocumentString } from '../generated/client/graphql.ts';

/** A user's app as the server sees it: one bearer token and one browser's cookies. */
export interface DemoClient {
  /** @throws Error with the server's words if it answers with errors */
  ask<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
  ): Promise<Result>;
  /**
   * What a subscription tells, over server-sent events, until the server ends it, the reader leaves
   * the loop or the time is over.
   *
   * @throws Error with the server's words if it answers with errors
   */
  follow<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
    millisecondsMax: number,
  ): AsyncGenerator<Result>;
  /** Opens an address of the server as the browser would, following no redirect. */
  open(address: string): Promise<Response>;
}

interface Answer<Result> {
  readonly data?: Result | null;
  readonly errors?: readonly { readonly message: string }[];
}

/** How long an answer may take; a subscription has its own limit. */
const ANSWER_MILLISECONDS_MAX = 30_000;

/**
 * Makes a client.
 *
 * @param url - the server's own address on this machine, without a path
 * @param closing - after it nothing is asked any more, and no subscription runs on; what is being
 * asked then may still be answered
 */
export function createDemoClient(url: string, token: string, closing: AbortSignal): DemoClient {
  const cookies = new Map<string, string>();
  const answerTime = () => {
    closing.throwIfAborted();
    return AbortSignal.timeout(ANSWER_MILLISECONDS_MAX);
  };
  const post = async (query: string, variables: unknown, accept: string, signal: AbortSignal) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept, authorization: `Bearer ${token}` },
      body: JSON.stringify({ query, variables }),
      signal,
    });
    keepCookies(response, cookies);
    return response;
  };
  return {
    async ask(document, variables) {
      const response = await post(document.toString(), variables, 'application/json', answerTime());
      return resultOf((await response.json()) as Answer<never>);
    },
    async *follow(document, variables, millisecondsMax) {
      const signal = AbortSignal.any([closing, AbortSignal.timeout(millisecondsMax)]);
      const response = await post(document.toString(), variables, 'text/event-stream', signal);
      if (!response.ok || response.body === null) {
        throw new Error(`the subscription is refused with status ${response.status}`);
      }
      for await (const text of readEvents(response.body)) {
        yield resultOf(JSON.parse(text) as Answer<never>);
      }
    },
    open(address) {
      const { pathname, search } = new URL(address);
      return fetch(`${url}${pathname}${search}`, {
        headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
        redirect: 'manual',
        signal: answerTime(),
      });
    },
  };
}

function keepCookies(response: Response, cookies: Map<string, string>): void {
  for (const line of response.headers.getSetCookie()) {
    const [pair = ''] = line.split(';', 1);
    const middle = pair.indexOf('=');
    cookies.set(pair.slice(0, middle), pair.slice(middle + 1));
  }
}

function resultOf<Result>({ data, errors }: Answer<Result>): Result {
  if (errors !== undefined) throw new Error(errors.map((error) => error.message).join(' '));
  if (data === undefined || data === null) throw new Error('the server answered without data');
  return data;
}

/**
 * The data of each event named `next`, as graphql-sse has them; `complete` ends it.
 *
 * @see https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md "Distinct connections mode"
 */
async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = block.split('\n').map((line) => line.split(/: ?(.*)/s, 2));
      const valueOf = (name: string) => fields.find(([field]) => field === name)?.[1];
      if (valueOf('event') === 'complete') return;
      const text = valueOf('data');
      // Comments, which keep the line open, carry no data.
      if (text) yield text;
    }
  }
}

/** A page of any list. */
export interface Page<Row> {
  readonly nodes: readonly Row[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** No list of the simulated banks comes near it. */
const PAGES_MAX = 2_000;

/**
 * All rows of a list, page after page.
 *
 * @param readPage - asks for the page after a cursor; null for the first
 * @throws Error if the list has no end
 */
export async function readPages<Row>(
  readPage: (after: string | null) => Promise<Page<Row>>,
): Promise<Row[]> {
  const rows: Row[] = [];
  let after: string | null = null;
  for (let count = 0; count < PAGES_MAX; count += 1) {
    const page: Page<Row> = await readPage(after);
    rows.push(...page.nodes);
    if (!page.pageInfo.hasNextPage) return rows;
    after = page.pageInfo.endCursor;
  }
  throw new Error(`the list does not end after ${PAGES_MAX} pages`);
}

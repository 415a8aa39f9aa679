import diagnostics from 'node:diagnostics_channel';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One answer of a house, as it went out. */
export interface HeardAnswer {
  readonly at: string;
  readonly text: string;
  /** Whether the caller's token has the scope that shows account numbers. */
  readonly showsIdentifiers: boolean;
}

/** Hears all that a house answers, and the secrets that its callers bring. */
export interface DoorWatch {
  readonly answers: readonly HeardAnswer[];
  /** Signatures of bearers, cookies, states: to be found in answers, and nowhere else. */
  readonly carried: ReadonlySet<string>;
  end(): void;
}

/** Listens at the door of a server of this process, without its knowing. */
export function watchDoor(port: number): DoorWatch {
  const answers: HeardAnswer[] = [];
  const carried = new Set<string>();
  const hear = (message: unknown) => {
    const { request, response, server } = message as {
      readonly request: IncomingMessage;
      readonly response: ServerResponse;
      readonly server: Server;
    };
    if ((server.address() as AddressInfo | null)?.port !== port) return;
    hearAnswer(request, response, carried, (answer) => answers.push(answer));
  };
  diagnostics.subscribe('http.server.request.start', hear);
  return {
    answers,
    carried,
    end: () => void diagnostics.unsubscribe('http.server.request.start', hear),
  };
}

function hearAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  carried: Set<string>,
  tell: (answer: HeardAnswer) => void,
): void {
  const url = new URL(request.url ?? '/', 'http://house');
  const bearer = request.headers.authorization?.slice('Bearer '.length) ?? '';
  const chunks: Buffer[] = [];
  const write = response.write.bind(response);
  const end = response.end.bind(response);
  const writeHead = response.writeHead.bind(response);
  const head: Record<string, unknown> = {};
  const keep = (chunk: unknown) => {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
  };
  response.write = (...words: unknown[]) => {
    keep(words[0]);
    return Reflect.apply(write, response, words) as boolean;
  };
  response.end = (...words: unknown[]) => {
    keep(words[0]);
    return Reflect.apply(end, response, words) as ServerResponse;
  };
  // Headers that are written at once never come to be known as set.
  response.writeHead = (...words: unknown[]) => {
    Object.assign(head, words.at(-1));
    return Reflect.apply(writeHead, response, words) as ServerResponse;
  };
  response.once('close', () => {
    const body = Buffer.concat(chunks).toString();
    const heads = { ...response.getHeaders(), ...head };
    for (const text of [
      bearer.split('.').at(-1) ?? '',
      url.searchParams.get('state') ?? '',
      ...`${request.headers.cookie} ${String(heads['set-cookie'])}`.split(/[; =,]/),
      ...Array.from(body.matchAll(/[?&]state=([\w-]+)/g), ([, state = '']) => state),
    ]) {
      if (/^[\w-]{43,}$/.test(text)) carried.add(text);
    }
    tell({
      at: `the answer to ${request.method} ${url.pathname}`,
      text: `${headText(url.pathname, response.statusCode, heads)}\n${body}`,
      showsIdentifiers: scopesOf(bearer).includes('identifiers'),
    });
  });
}

// A code that came back in another browser goes on to the app, and only so.
function headText(path: string, status: number, head: Record<string, unknown>): string {
  const { location } = head;
  if (path !== '/callback' || status !== 303 || typeof location !== 'string') {
    return JSON.stringify(head);
  }
  const target = new URL(location);
  if (target.protocol === 'https:') {
    for (const name of ['code', 'state']) target.searchParams.delete(name);
  }
  return JSON.stringify({ ...head, location: target.href });
}

function scopesOf(bearer: string): readonly string[] {
  try {
    const claims = Buffer.from(bearer.split('.')[1] ?? '', 'base64url').toString();
    return (JSON.parse(claims) as { scope?: string }).scope?.split(' ') ?? [];
  } catch {
    return [];
  }
}

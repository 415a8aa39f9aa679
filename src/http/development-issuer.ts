import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  SignJWT,
} from 'jose';
import { type Clock, HOUR, nowOf, SECOND } from '../base/clock.ts';

/** An identity provider for one machine: it gives anybody there a token for any name. */
export interface DevelopmentIssuer {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
  /** `http://127.0.0.1:…/dev/token?user=alice` gives a token as text; `&role=operator` one with that role, `&zoneinfo=Europe/Paris` one with that time zone. */
  readonly tokenUrl: string;
  /**
   * A token of twelve hours; its scopes are `identifiers` unless others are given, its roles none. The
   * user has just signed in, and it says nothing of a time zone, unless it is to say something else.
   */
  issue(user: string, scope?: string, role?: string, said?: SaidOfUser): Promise<string>;
  close(): Promise<void>;
}

/** What a token may say of its user besides. */
export interface SaidOfUser {
  readonly signedInAt?: Date | undefined;
  /** A name in IANA's list. */
  readonly zoneinfo?: string | undefined;
}

/** How to start it. */
export interface DevelopmentIssuerOptions {
  readonly clock: Clock;
  /** 0 takes a free port. */
  readonly port: number;
  /** A private key kept from an earlier start, so that its tokens stay good. */
  readonly key: JWK;
}

// A name and no address: viewers stay the same people whatever port it gets.
const ISSUER = 'urn:consentry:development';
const AUDIENCE = 'consentry';
const NAME = /^[\w.@-]{1,64}$/;
const LIFE_MILLISECONDS = 12 * HOUR;

/** A fresh signing key. */
export async function makeIssuerKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  return exportJWK(privateKey);
}

/**
 * Starts the development issuer. It listens on this machine only and refuses browsers' requests
 * from pages of any origin, so that no website can fetch itself a token.
 */
export async function startDevelopmentIssuer(
  options: DevelopmentIssuerOptions,
): Promise<DevelopmentIssuer> {
  const { d: _secret, ...publicKey } = options.key;
  const kid = await calculateJwkThumbprint(publicKey);
  const signingKey = await importJWK(options.key, 'ES256');
  const issue = async (
    user: string,
    scope = 'identifiers',
    role?: string,
    { signedInAt = nowOf(options.clock), zoneinfo }: SaidOfUser = {},
  ) => {
    const now = nowOf(options.clock);
    return new SignJWT({
      scope,
      auth_time: Math.floor(signedInAt.getTime() / SECOND),
      ...(role === undefined ? {} : { roles: [role] }),
      ...(zoneinfo === undefined ? {} : { zoneinfo }),
    })
      .setProtectedHeader({ alg: 'ES256', kid, typ: 'at+jwt' })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setSubject(user)
      .setIssuedAt(now)
      .setExpirationTime(new Date(now.getTime() + LIFE_MILLISECONDS))
      .sign(signingKey);
  };
  const keys = JSON.stringify({ keys: [{ ...publicKey, kid, alg: 'ES256', use: 'sig' }] });
  const server = createServer({ requestTimeout: 5_000 }, (request, response) => {
    answer(request, response, keys, issue).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer: ISSUER,
    audience: AUDIENCE,
    jwksUrl: `${url}/.well-known/jwks.json`,
    tokenUrl: `${url}/dev/token`,
    issue,
    async close() {
      const closed = new Promise((resolve) => {
        server.close(resolve);
      });
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  keys: string,
  issue: DevelopmentIssuer['issue'],
): Promise<void> {
  const path = request.url ?? '/';
  // A path of two slashes would be read as another host's.
  const url = URL.parse(path, 'http://127.0.0.1');
  response.setHeader('cache-control', 'no-store');
  if (url === null || path.startsWith('//')) {
    response.writeHead(400).end();
  } else if (
    request.method !== 'GET' ||
    request.headers.origin !== undefined ||
    !isLoopback(request)
  ) {
    response.writeHead(403).end();
  } else if (url.pathname === '/.well-known/jwks.json') {
    response.writeHead(200, { 'content-type': 'application/json' }).end(keys);
  } else if (url.pathname === '/dev/token') {
    const user = url.searchParams.get('user') ?? '';
    const role = url.searchParams.get('role') ?? undefined;
    if (NAME.test(user) && (role === undefined || NAME.test(role))) {
      const zoneinfo = url.searchParams.get('zoneinfo') ?? undefined;
      const token = await issue(user, undefined, role, { zoneinfo });
      response.writeHead(200, { 'content-type': 'text/plain' }).end(`${token}\n`);
    } else {
      response.writeHead(400).end('Say whose token: /dev/token?user=alice\n');
    }
  } else {
    response.writeHead(404).end();
  }
}

/** Whether a request was really meant for this machine: a website's own name may lead here too. */
export function isLoopback(request: IncomingMessage): boolean {
  const name = (request.headers.host ?? '').replace(/:\d+$/, '');
  const address = request.socket.remoteAddress ?? '';
  return (
    ['localhost', '127.0.0.1', '[::1]'].includes(name) &&
    /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/.test(address)
  );
}

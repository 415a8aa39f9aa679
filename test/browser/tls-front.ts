import { generateKeyPairSync, sign } from 'node:crypto';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** What stands on a port for https, with several names in front of several answers. */
export interface TlsFront {
  readonly port: number;
  close(): Promise<void>;
}

/** Answers for one host. */
export type HostAnswer = (request: IncomingMessage, response: ServerResponse) => void;

/** Starts it. `answerFor` says who answers for a host; nobody is a 404. */
export async function startTlsFront(
  answerFor: (host: string) => HostAnswer | undefined,
): Promise<TlsFront> {
  const server = createServer(makeCertificate(), (call, response) => {
    const host = (call.headers.host ?? '').split(':', 1)[0] ?? '';
    const answer = answerFor(host);
    if (answer === undefined) response.writeHead(404).end();
    else answer(call, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Passes requests on to a server behind, as a reverse proxy does. */
export function passOn(target: () => string): HostAnswer {
  return (call, response) => {
    const onward = request(
      new URL(call.url ?? '/', target()),
      { method: call.method, headers: call.headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(response);
      },
    );
    onward.once('error', () => response.destroy());
    call.pipe(onward);
  };
}

/** A key and a certificate signed by itself, in the few fields that a browser wants to read. */
function makeCertificate(): { readonly key: string; readonly cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ecdsaWithSha256 = der(0x30, der(0x06, Buffer.from('2a8648ce3d040302', 'hex')));
  const commonName = der(0x06, Buffer.from('550403', 'hex'));
  const name = der(0x30, der(0x31, der(0x30, commonName, der(0x0c, Buffer.from('test')))));
  const instant = (text: string) => der(0x17, Buffer.from(text));
  const content = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    ecdsaWithSha256,
    name,
    der(0x30, instant('200101000000Z'), instant('491231235959Z')),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', content, privateKey)]);
  const certificate = der(0x30, content, ecdsaWithSha256, der(0x03, signature));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64')}\n-----END CERTIFICATE-----\n`,
  };
}

/** One value of DER: a tag, its length, what it holds. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  // A browser refuses lengths of more bytes than they need.
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  if (length < 0x100) return Buffer.concat([Buffer.from([tag, 0x81, length]), content]);
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), content]);
}

import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { boundedFetch, type BoundedRequest } from '../../src/truelayer/bounded-fetch.ts';
import { ACCESS_TOKEN, errorOf } from './client-of.ts';
import { serve, serveAlways } from './http-server.ts';

function request(url: string, changes: Partial<BoundedRequest> = {}): BoundedRequest {
  return {
    method: 'GET',
    url,
    endpoint: '/me',
    headers: { authorization: `Bearer ${ACCESS_TOKEN}` },
    timeoutMilliseconds: 5_000,
    bytesMax: 1_000,
    ...changes,
  };
}

describe('a bounded call', () => {
  it('gives status, headers and text, and asks for JSON', async () => {
    await using server = await serveAlways(418, '{"a":"é"}', { 'x-tl-correlation-id': 'tl-1' });
    const answer = await boundedFetch(request(server.url));
    expect([answer.status, answer.text]).toEqual([418, '{"a":"é"}']);
    expect(answer.headers.get('x-tl-correlation-id')).toBe('tl-1');
    expect(server.received[0]?.headers.accept).toBe('application/json');
  });

  it.each([
    ['never answers', () => undefined],
    [
      'stalls in the middle of the body',
      (response: { write(text: string): unknown }) => response.write('{"results":['),
    ],
  ])('ends with TIMEOUT when the server %s', async (_what, act) => {
    await using server = await serve((_request, response) => void act(response));
    const error = await errorOf(boundedFetch(request(server.url, { timeoutMilliseconds: 100 })));
    expect([error.meaning, error.reason]).toEqual(['UNAVAILABLE', 'TIMEOUT']);
  });

  it('counts the time in all, not from chunk to chunk', async () => {
    await using server = await serve((_request, response) => {
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(drip));
    });
    const error = await errorOf(boundedFetch(request(server.url, { timeoutMilliseconds: 100 })));
    expect(error.reason).toBe('TIMEOUT');
  });

  it('ends with NETWORK when the connection breaks in the middle of the body', async () => {
    await using server = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"results":[', () => response.destroy());
    });
    expect((await errorOf(boundedFetch(request(server.url)))).reason).toBe('NETWORK');
  });

  it('ends with NETWORK when nobody listens', async () => {
    const server = await serveAlways(200, '');
    await server[Symbol.asyncDispose]();
    const error = await errorOf(boundedFetch(request(server.url)));
    expect([error.meaning, error.reason, error.status]).toEqual([
      'UNAVAILABLE',
      'NETWORK',
      undefined,
    ]);
  });

  it('ends without telling the header when HTTP cannot carry it', async () => {
    await using server = await serveAlways(200, '{}');
    const headers = { authorization: `Bearer ${ACCESS_TOKEN}\nx: y` };
    expect((await errorOf(boundedFetch(request(server.url, { headers })))).reason).toBe('NETWORK');
    expect(server.received).toEqual([]);
  });

  it('reads as many bytes as allowed and not one more', async () => {
    await using fits = await serveAlways(200, 'x'.repeat(1_000));
    expect((await boundedFetch(request(fits.url))).text).toHaveLength(1_000);
    await using exceeds = await serveAlways(200, 'x'.repeat(1_001));
    expect((await errorOf(boundedFetch(request(exceeds.url)))).reason).toBe('TOO_LARGE');
  });

  it('stops an endless body', async () => {
    await using server = await serve((_request, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(10_000)));
      };
      response.on('drain', more);
      more();
    });
    expect((await errorOf(boundedFetch(request(server.url)))).reason).toBe('TOO_LARGE');
  });

  it('counts bytes after decompression', async () => {
    await using server = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(100_000)));
    });
    expect((await errorOf(boundedFetch(request(server.url)))).reason).toBe('TOO_LARGE');
    const answer = await boundedFetch(request(server.url, { bytesMax: 100_000 }));
    expect(answer.text).toHaveLength(100_000);
  });

  it.each([301, 302, 303, 304, 307, 308])('takes no redirect: %i', async (status) => {
    await using other = await serveAlways(200, '{}');
    await using server = await serveAlways(status, '', { location: `${other.url}/internal` });
    const error = await errorOf(boundedFetch(request(server.url)));
    expect([error.meaning, error.reason, error.status]).toEqual([
      'UNAVAILABLE',
      'REDIRECTED',
      status,
    ]);
    expect(other.received).toEqual([]);
  });

  it('keeps a page in which one character is badly encoded', async () => {
    await using server = await serve((_request, response) => {
      response.end(Buffer.from([0x22, 0xe9, 0x22]));
    });
    expect((await boundedFetch(request(server.url))).text).toBe('"�"');
  });
});

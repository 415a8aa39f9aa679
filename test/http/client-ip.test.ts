import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { clientIpOf } from '../../src/http/client-ip.ts';

const from = (remoteAddress: string, forwarded?: string) =>
  ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  }) as unknown as IncomingMessage;

it.each([
  ['203.0.113.7', undefined, 0, '203.0.113.7'],
  ['::ffff:203.0.113.7', undefined, 0, '203.0.113.7'],
  ['10.0.0.1', '203.0.113.7', 0, '10.0.0.1'],
  ['10.0.0.1', '203.0.113.7', 1, '203.0.113.7'],
  ['10.0.0.1', '6.6.6.6, 203.0.113.7', 1, '203.0.113.7'],
  ['10.0.0.1', '6.6.6.6, 203.0.113.7, 10.0.0.2', 2, '203.0.113.7'],
  ['10.0.0.1', undefined, 1, null],
  ['10.0.0.1', 'unknown', 1, null],
  ['10.0.0.1', '203.0.113.7', 2, null],
])('from %s with "%s" behind %i proxies the caller is %s', (socket, header, proxies, expected) => {
  expect(clientIpOf(from(socket, header), proxies)).toBe(expected);
});

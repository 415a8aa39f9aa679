import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/**
 * The caller's own address. Behind proxies it is the one that the outermost trusted proxy saw;
 * what stands further left in the header was written by the caller and is not believed.
 */
export function clientIpOf(request: IncomingMessage, trustedProxies: number): string | null {
  const socket = request.socket.remoteAddress?.replace(/^::ffff:/, '') ?? null;
  if (trustedProxies === 0) return socket;
  const header = request.headers['x-forwarded-for'];
  const hops = (Array.isArray(header) ? header.join(',') : (header ?? ''))
    .split(',')
    .map((hop) => hop.trim());
  const address = hops.at(-trustedProxies) ?? '';
  return isIP(address) === 0 ? null : address;
}

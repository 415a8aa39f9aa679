import type { IncomingMessage } from 'node:http';
import { ExpectedError } from '../base/errors.ts';

/** A request body that is larger than its door allows. */
export class BodyTooLargeError extends ExpectedError {
  constructor(bytesMax: number) {
    super('BODY_TOO_LARGE', `The request body is larger than ${bytesMax} bytes.`);
  }
}

/**
 * Reads a whole body as text.
 *
 * @throws BodyTooLargeError beyond `bytesMax`, whatever `content-length` said
 */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bytesMax) throw new BodyTooLargeError(bytesMax);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

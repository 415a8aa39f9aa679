import type { z } from 'zod';
import { parseExactJson } from '../../src/truelayer/exact-json.ts';

/** Reads a record as it would come over the wire: text as it stands, anything else as JSON. */
export function readWire<T>(shape: z.ZodType<T>, wire: object | string): T {
  return shape.parse(parseExactJson(typeof wire === 'string' ? wire : JSON.stringify(wire)));
}

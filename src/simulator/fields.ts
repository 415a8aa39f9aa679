import type { SimulatorRequest } from './world.ts';

/** What a client sent, by name. */
export type Fields = ReadonlyMap<string, string>;

/**
 * The fields of a form, of either encoding, or of a JSON body as far as they are texts; the token
 * endpoint takes all three.
 *
 * @returns undefined for a body of another type or one that cannot be read
 */
export async function readFields(request: SimulatorRequest): Promise<Fields | undefined> {
  switch (mediaTypeOf(request)) {
    case 'application/x-www-form-urlencoded':
      return new Map(new URLSearchParams(request.body));
    case 'multipart/form-data':
      return readMultipart(request);
    case 'application/json': {
      const json = readJson(request);
      return json === undefined ? undefined : textsOf(Object.entries(json));
    }
    default:
      return undefined;
  }
}

/** The object of a JSON body; undefined for a body of another type or one that cannot be read. */
export function readJson(request: SimulatorRequest): Readonly<Record<string, unknown>> | undefined {
  if (mediaTypeOf(request) !== 'application/json') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(request.body);
  } catch {
    return undefined;
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
}

/** The words of a list that is separated by `%20` or `+`. */
export function words(text: string | null): readonly string[] {
  return (text ?? '').split(/[\s+]+/).filter((word) => word !== '');
}

function mediaTypeOf({ headers }: SimulatorRequest): string | undefined {
  return headers['content-type']?.split(';')[0]?.trim().toLowerCase();
}

async function readMultipart({ body, headers }: SimulatorRequest): Promise<Fields | undefined> {
  const type = headers['content-type'] ?? '';
  try {
    const form = await new Response(body, { headers: { 'Content-Type': type } }).formData();
    return textsOf([...form.entries()]);
  } catch {
    // It says one boundary and has another, or breaks off: no form, like any other such body.
    return undefined;
  }
}

function textsOf(entries: readonly (readonly [string, unknown])[]): Fields {
  const texts = entries.filter(
    (entry): entry is readonly [string, string] => typeof entry[1] === 'string',
  );
  return new Map(texts);
}

import type { SimulatorRequest } from './world.ts';

/**
 * The fields of a form or a flat JSON body; the token endpoint takes both.
 *
 * @returns undefined for a body of another type or one that cannot be read
 */
export function readFields(request: SimulatorRequest): ReadonlyMap<string, string> | undefined {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type === 'application/x-www-form-urlencoded') {
    return new Map(new URLSearchParams(request.body));
  }
  return type === 'application/json' ? readJson(request.body) : undefined;
}

/** The words of a list that is separated by `%20` or `+`. */
export function words(text: string | null): readonly string[] {
  return (text ?? '').split(/[\s+]+/).filter((word) => word !== '');
}

function readJson(body: string): ReadonlyMap<string, string> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const entries = Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return new Map(entries);
}

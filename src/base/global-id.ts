/** The id of an object over this API: its type and our id, in one opaque text. */
export function globalIdOf(type: string, id: string): string {
  return Buffer.from(`${type}:${id}`).toString('base64');
}

/**
 * Our own id in what an operator names: an id of the API, of one of some types, or ours as the log has it.
 *
 * @returns null where it is neither
 */
export function ownIdOf(text: string, types: readonly string[]): string | null {
  if (UUID.test(text)) return text;
  const [type = '', id = '', ...rest] = Buffer.from(text, 'base64').toString().split(':');
  return types.includes(type) && UUID.test(id) && rest.length === 0 ? id : null;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The id of an object over this API: its type and our id, in one opaque text. */
export function globalIdOf(type: string, id: string): string {
  return Buffer.from(`${type}:${id}`).toString('base64');
}

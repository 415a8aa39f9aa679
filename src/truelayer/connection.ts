import { tellOut } from './outward.ts';
import type { TokenEndpoint } from './token-endpoint.ts';

/** @see TrueLayer.deleteConnection */
export function deleteConnection(
  server: Omit<TokenEndpoint, 'credentials'>,
  accessToken: string,
): Promise<void> {
  return tellOut(server, {
    ...server.limits,
    kind: 'delete',
    method: 'DELETE',
    endpoint: '/api/delete',
    url: `${server.authUrl}/api/delete`,
    headers: { authorization: `Bearer ${accessToken}` },
  });
}

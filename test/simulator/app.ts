import { decodeJwt } from 'jose';
import { TestClock } from 'pg-boss';
import { startSimulator, type Simulator } from '../../src/simulator/simulator.ts';
import { walkDialog, type WalkPlan } from '../../src/simulator/walk.ts';

export const CLIENT = {
  id: 'sandbox-consentry-test',
  secret: 'not-a-secret',
  redirectUris: ['http://127.0.0.1:9999/callback'],
} as const;

export const SCOPES = 'info accounts balance cards transactions offline_access';

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly expires_in: number;
  readonly scope: string;
}

/** A simulator under a clock of its own, and what an app would do with it. */
export async function openApp(
  clock = new TestClock(new Date('2026-03-01T09:00:00Z')),
  seed = 'simulator tests',
) {
  const simulator = await startSimulator({ clock, seed, client: CLIENT });
  return { ...appOf(simulator), simulator, clock };
}

export function appOf(simulator: Simulator) {
  const link = (parameters: Record<string, string> = {}) => {
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: CLIENT.id,
      redirect_uri: CLIENT.redirectUris[0],
      scope: SCOPES,
      state: 'state-1',
      ...parameters,
    });
    return `${simulator.authUrl}/?${query.toString().replaceAll('+', '%20')}`;
  };
  const token = (fields: Record<string, string>) =>
    fetch(`${simulator.authUrl}/connect/token`, {
      method: 'POST',
      body: new URLSearchParams({
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        ...fields,
      }),
    });
  const post = (path: string, body: object) =>
    fetch(`${simulator.authUrl}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const exchange = (code: string, more: Record<string, string> = {}) =>
    token({
      grant_type: 'authorization_code',
      code,
      redirect_uri: CLIENT.redirectUris[0],
      ...more,
    });
  const refresh = (refreshToken: string) =>
    token({ grant_type: 'refresh_token', refresh_token: refreshToken });
  const allow = async (provider = 'mock', parameters = {}, plan: Partial<WalkPlan> = {}) => {
    const walk = { user: 'john', password: 'doe', provider, ...plan };
    const { fields } = await walkDialog(link(parameters), walk);
    return fields['code'] ?? '';
  };
  const connect = async (provider = 'mock', parameters = {}, plan: Partial<WalkPlan> = {}) => {
    const response = await exchange(await allow(provider, parameters, plan));
    return (await response.json()) as Tokens;
  };
  /** Walks a link that leads straight to a bank, and exchanges the code. */
  const renew = async (url: string, plan: Partial<WalkPlan> = {}) => {
    const { fields } = await walkDialog(url, { user: 'john', password: 'doe', ...plan });
    return (await (await exchange(fields['code'] ?? '')).json()) as Tokens;
  };
  const call = (accessToken: string, path: string, headers: Record<string, string> = {}) =>
    fetch(`${simulator.apiUrl}/data/v1/${path}`, {
      headers: { authorization: `Bearer ${accessToken}`, ...headers },
    });
  /** Status and error code of a refused call. */
  const refusal = async (response: Response) => {
    const { error } = (await response.json()) as { error: string };
    return `${response.status} ${error}`;
  };
  const list = async <Row = Record<string, unknown>>(accessToken: string, path: string) => {
    const response = await call(accessToken, path);
    const body = (await response.json()) as { results: Row[]; status: string };
    if (response.status !== 200) throw new Error(`${path}: ${JSON.stringify(body)}`);
    return body.results;
  };
  return { link, token, post, exchange, refresh, allow, connect, renew, call, refusal, list };
}

/** The id of the connection that an access token is for. */
export function connectionOf(tokens: Tokens): string {
  return decodeJwt(tokens.access_token).sub ?? '';
}

export type App = Awaited<ReturnType<typeof openApp>>;

/** A control call over HTTP, with its answer read. */
export async function askControl(
  simulator: Simulator,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: Readonly<Record<string, any>> }> {
  const response = await fetch(`${simulator.url}/control${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, any> };
}

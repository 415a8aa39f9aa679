import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { type BearerRules, createReadBearer } from '../../src/http/bearer.ts';
import {
  type DevelopmentIssuer,
  makeIssuerKey,
  startDevelopmentIssuer,
} from '../../src/http/development-issuer.ts';

let issuer: DevelopmentIssuer;
let rules: BearerRules;

beforeAll(async () => {
  issuer = await startDevelopmentIssuer({
    clock: systemClock,
    port: 0,
    key: await makeIssuerKey(),
  });
  const { issuer: name, audience, jwksUrl } = issuer;
  rules = { issuer: name, audience, jwksUrl, allowHttp: true, operatorClaim: null };
});
afterAll(() => issuer.close());

/** As `fetch`, but with any header, `host` too. */
function get(address: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request(address, { headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    call.on('error', reject);
    call.end();
  });
}

describe('the development issuer', () => {
  it('gives a token for any name that is one', async () => {
    expect(await get(`${issuer.tokenUrl}?user=alice`)).toBe(200);
    for (const user of ['', 'a b', 'x'.repeat(65), '%0d%0aset-cookie:x']) {
      expect(await get(`${issuer.tokenUrl}?user=${user.replace(' ', '%20')}`)).toBe(400);
    }
  });

  it('outlives a path that is no path', async () => {
    for (const path of ['//', '//evil.example/dev/token?user=alice', '/%']) {
      const { port } = new URL(issuer.tokenUrl);
      expect(await get(`http://127.0.0.1:${port}${path}`)).toBeGreaterThanOrEqual(400);
    }
    expect(await get(`${issuer.tokenUrl}?user=alice`)).toBe(200);
  });

  it('gives none to a web page, whatever name leads it here', async () => {
    const address = `${issuer.tokenUrl}?user=alice`;
    expect(await get(address, { origin: 'http://localhost:3000' })).toBe(403);
    expect(await get(address, { origin: 'null' })).toBe(403);
    expect(await get(address, { host: 'evil.example:4020' })).toBe(403);
  });
});

describe('a bearer token', () => {
  it('makes an operator by the configured claim and its value alone', async () => {
    const operatorOf = async (role: string | undefined, name = 'roles', value = 'operator') => {
      const read = createReadBearer({ ...rules, operatorClaim: { name, value } }, systemClock);
      return (await read(`Bearer ${await issuer.issue('ops', 'operator', role)}`))?.operator;
    };
    expect(await operatorOf('operator')).toBe(true);
    for (const role of ['Operator', 'operator ', 'user', undefined]) {
      expect(await operatorOf(role)).toBe(false);
    }
    expect(await operatorOf('operator', 'groups')).toBe(false);
    expect(await operatorOf('operator', '__proto__', 'x')).toBe(false);
    const nobody = createReadBearer(rules, systemClock);
    const token = await issuer.issue('ops', 'operator', 'operator');
    expect(await nobody(`Bearer ${token}`)).toMatchObject({ operator: false });
    const address = `${issuer.tokenUrl}?user=ops&role=operator`;
    expect((await (await fetch(address)).text()).split('.')).toHaveLength(3);
    expect((await fetch(`${issuer.tokenUrl}?user=ops&role=a%20b`)).status).toBe(400);
  });

  it('names the same viewer each time, and another for another name or issuer', async () => {
    const read = createReadBearer(rules, systemClock);
    const viewer = async (user: string) => read(`Bearer ${await issuer.issue(user)}`);
    const [first, again, other] = [
      await viewer('alice'),
      await viewer('alice'),
      await viewer('bob'),
    ];
    expect(first?.id).toBe(again?.id);
    expect(first).toMatchObject({ subject: 'alice', scopes: ['identifiers'] });
    expect(other?.id).not.toBe(first?.id);
    expect(await read(undefined)).toBeNull();
  });

  it.each([
    ['another audience', { audience: 'somebody-else' }],
    ['another issuer', { issuer: 'https://else.example' }],
  ])('for %s is refused', async (_name, other) => {
    const read = createReadBearer({ ...rules, ...other }, systemClock);
    await expect(read(`Bearer ${await issuer.issue('alice')}`)).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  });

  it('signed by a key that the issuer does not publish is refused', async () => {
    const other = await startDevelopmentIssuer({
      clock: systemClock,
      port: 0,
      key: await makeIssuerKey(),
    });
    const read = createReadBearer(rules, systemClock);
    await expect(read(`Bearer ${await other.issue('alice')}`)).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
    await other.close();
  });

  it('is no bad token while the issuer is out of reach', async () => {
    const gone = { ...rules, jwksUrl: 'http://127.0.0.1:1/jwks' };
    const read = createReadBearer(gone, systemClock);
    await expect(read(`Bearer ${await issuer.issue('alice')}`)).rejects.toThrow('cannot be read');
  });
});

import { randomBytes } from 'node:crypto';
import { CompactEncrypt, UnsecuredJWT } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { kmsKey } from '../../src/base/kms-key.ts';
import { localKey } from '../../src/base/local-key.ts';
import { KeyError, type KeyRing, seal, unseal, UnsealError } from '../../src/base/seal.ts';
import { type FakeKms, kmsEnvironment, startFakeKms } from '../support/kms.ts';

const ARN = 'arn:aws:kms:eu-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const OTHER_ARN = 'arn:aws:kms:eu-west-1:111122223333:key/mrk-99';
const place = { table: 'consent', column: 'token', row: 'r1', viewer: 'v1' };
const SECRET = 'the secret';

let kms: FakeKms;
beforeAll(async () => {
  kms = await startFakeKms([ARN, OTHER_ARN]);
  for (const [name, value] of Object.entries(kmsEnvironment(kms))) vi.stubEnv(name, value);
});
afterEach(() => void (kms.trouble = null));
afterAll(async () => {
  vi.unstubAllEnvs();
  await kms.close();
});

const local = (id: string) => localKey(id, randomBytes(32));
const headerOf = (sealed: string) =>
  JSON.parse(Buffer.from(sealed.split('.')[0] ?? '', 'base64url').toString());
/** The refusal of a value: named by its place, and without a word of what is in it. */
async function refusal(ring: KeyRing, sealed: string, where = place): Promise<string> {
  const error = await unseal(ring, where, sealed).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UnsealError);
  const { message, stack = '' } = error as UnsealError;
  expect(message).toContain(`cannot unseal ${where.table}.${where.column} of row ${where.row}: `);
  for (const word of [SECRET, sealed]) expect(message + stack).not.toContain(word);
  return message;
}

describe.each([
  { kind: 'a key of our own', ring: [local('new'), local('old')] as const },
  { kind: 'a key of a key service', ring: [kmsKey(ARN), kmsKey(OTHER_ARN)] as const },
])('$kind', ({ ring }) => {
  const [first, second] = ring;

  it('seals what opens in its place, and says which key it needs', async () => {
    const sealed = await seal(ring, place, SECRET);
    expect(headerOf(sealed)).toMatchObject({ enc: 'A256GCM', kid: first.id });
    expect(await unseal(ring, place, sealed)).toBe(SECRET);
  });

  it('opens what it sealed when it was the first', async () => {
    expect(await unseal(ring, place, await seal([second], place, SECRET))).toBe(SECRET);
  });

  it('seals the same secret differently each time', async () => {
    const [one = '', two = ''] = await Promise.all([1, 2].map(() => seal(ring, place, SECRET)));
    // Nonce, text and tag: the header of our own keys is the same, and theirs alone wrap a key.
    const parts = (sealed: string) => sealed.split('.').slice(2);
    for (const [index, part] of parts(one).entries()) expect(part).not.toBe(parts(two)[index]);
  });

  it.each(['table', 'column', 'row', 'viewer'] as const)(
    'opens nothing that was moved to another %s',
    async (part) => {
      const sealed = await seal(ring, place, SECRET);
      const message = await refusal(ring, sealed, { ...place, [part]: 'other' });
      expect(message).toMatch(/sealed for another place|does not open with its key/);
    },
  );

  it('opens nothing of which a part was changed, cut, lengthened or swapped', async () => {
    const sealed = await seal(ring, place, SECRET);
    const other = await seal(ring, { ...place, row: 'r2' }, 'another');
    const parts = sealed.split('.');
    for (const [index, part] of parts.entries()) {
      const flipped = (part.startsWith('A') ? 'B' : 'A') + part.slice(1);
      const swapped = other.split('.')[index] ?? '';
      for (const changed of [flipped, part.slice(0, -4), `${part}AAAA`, swapped, '']) {
        if (changed !== part)
          expect(await refusal(ring, parts.with(index, changed).join('.'))).toContain(
            'cannot unseal',
          );
      }
    }
    for (const count of [1, 3, 4, 6]) {
      expect(
        await refusal(ring, Array.from({ length: count }, () => parts[3]).join('.')),
      ).toContain('cannot unseal');
    }
  });

  it('opens nothing with a tag that was cut to any length, S3', async () => {
    const sealed = await seal(ring, place, SECRET);
    const parts = sealed.split('.');
    const tag = Buffer.from(parts[4] ?? '', 'base64url');
    for (let length = 0; length < tag.length; length += 1) {
      expect(
        await refusal(ring, parts.with(4, tag.subarray(0, length).toString('base64url')).join('.')),
      ).toContain('cannot unseal');
    }
  });

  it('opens nothing when its key is not configured, or another has its name', async () => {
    const sealed = await seal(ring, place, SECRET);
    expect(await refusal([second], sealed)).toContain('its encryption key is not configured');
    const impostor = { ...local('impostor'), id: first.id };
    expect(await refusal([impostor], sealed)).toContain('it does not open with its key');
  });

  it('takes no other algorithm, and no value that was never sealed', async () => {
    const bytes = randomBytes(32);
    const forge = (alg: string) =>
      new CompactEncrypt(Buffer.from(SECRET))
        .setProtectedHeader({
          alg,
          enc: 'A256GCM',
          kid: first.id,
          place: JSON.stringify(['consent', 'token', 'r1', 'v1']),
          data_key: Buffer.alloc(96).toString('base64url'),
        })
        .encrypt(bytes);
    for (const alg of ['dir', 'A256KW', 'A256GCMKW'])
      expect(await refusal(ring, await forge(alg))).toContain('cannot unseal');
    expect(await refusal(ring, new UnsecuredJWT({ a: 1 }).encode())).toContain('cannot unseal');
    for (const text of ['', 'text', '....', 'e30....', `${SECRET}.${SECRET}`]) {
      await expect(unseal(ring, place, text)).rejects.toThrow(UnsealError);
    }
  });
});

describe('keys of our own', () => {
  it('wrap without a nonce, so that no bound on their use is needed', async () => {
    expect(headerOf(await seal([local('k')], place, SECRET))).toEqual({
      alg: 'A256KW',
      enc: 'A256GCM',
      kid: 'k',
      place: JSON.stringify(['consent', 'token', 'r1', 'v1']),
    });
  });

  it('open what was wrapped with nonces before, but not a header changed in it', async () => {
    const bytes = randomBytes(32);
    const sealed = await new CompactEncrypt(Buffer.from(SECRET))
      .setProtectedHeader({
        alg: 'A256GCMKW',
        enc: 'A256GCM',
        kid: 'k',
        place: JSON.stringify(['consent', 'token', 'r1', 'v1']),
      })
      .encrypt(bytes);
    const ring: KeyRing = [localKey('k', bytes)];
    expect(await unseal(ring, place, sealed)).toBe(SECRET);
    const header = headerOf(sealed);
    for (const tag of [header.tag.slice(0, 4), '', header.iv]) {
      const forged = Buffer.from(JSON.stringify({ ...header, tag })).toString('base64url');
      expect(await refusal(ring, sealed.split('.').with(0, forged).join('.'))).toContain(
        'cannot unseal',
      );
    }
  });

  it('open nothing that names its data key directly, even the right one', async () => {
    const bytes = randomBytes(32);
    const sealed = await new CompactEncrypt(Buffer.from(SECRET))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: 'k', place: '["consent"]' })
      .encrypt(bytes);
    expect(await refusal([localKey('k', bytes)], sealed)).toContain('cannot unseal');
  });
});

describe('keys of a key service', () => {
  it('are asked for a data key per value, bound to the place, and for no other', async () => {
    const before = kms.calls.length;
    await unseal([kmsKey(ARN)], place, await seal([kmsKey(ARN)], place, SECRET));
    expect(kms.calls.slice(before)).toEqual([
      { action: 'GenerateDataKey', keyId: ARN, context: place },
      { action: 'Decrypt', keyId: ARN, context: place },
    ]);
  });

  it('live beside keys of our own: either opens what it sealed, whichever is first', async () => {
    const own = local('own');
    const service = kmsKey(ARN);
    for (const ring of [[own, service] as const, [service, own] as const]) {
      const back = ring.toReversed() as unknown as KeyRing;
      expect(await unseal(back, place, await seal(ring, place, SECRET))).toBe(SECRET);
    }
  });

  it('ask again, a few times, when the service has a bad moment, and then say so', async () => {
    const sealed = await seal([kmsKey(ARN)], place, SECRET);
    const before = kms.calls.length;
    kms.trouble = 'down';
    const failure = unseal([kmsKey(ARN)], place, sealed);
    await expect(failure).rejects.toThrow(KeyError);
    await expect(failure).rejects.toMatchObject({ tryAgain: true });
    expect(kms.calls.length - before).toBe(3);
    kms.trouble = null;
    expect(await unseal([kmsKey(ARN)], place, sealed)).toBe(SECRET);
  });

  it('are not waited for longer than their limit', async () => {
    const limits = { attemptMilliseconds: 50, callMilliseconds: 400 };
    const sealed = await seal([kmsKey(ARN)], place, SECRET);
    kms.trouble = 'silent';
    const started = performance.now();
    const refused = { name: 'KeyError', tryAgain: true };
    const ring: KeyRing = [kmsKey(ARN, limits)];
    await Promise.all([
      expect(seal(ring, place, SECRET)).rejects.toMatchObject(refused),
      expect(unseal(ring, place, sealed)).rejects.toMatchObject(refused),
    ]);
    expect(performance.now() - started).toBeLessThan(4_000);
  });

  it.each(['AccessDeniedException', 'NotFoundException', 'DisabledException'] as const)(
    'that the service refuses with %s are told as such, which says nothing of the value',
    async (trouble) => {
      const sealed = await seal([kmsKey(ARN)], place, SECRET);
      kms.trouble = trouble;
      const failure = unseal([kmsKey(ARN)], place, sealed);
      await expect(failure).rejects.toMatchObject({
        name: 'KeyError',
        tryAgain: false,
        message: `the encryption key ${ARN} cannot be used: ${trouble}`,
      });
    },
  );

  it('may be tried again when the service is asked too much', async () => {
    kms.trouble = 'ThrottlingException';
    await expect(seal([kmsKey(ARN)], place, SECRET)).rejects.toMatchObject({ tryAgain: true });
  });
});

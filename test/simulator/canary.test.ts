import { decodeJwt } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { askControl, openApp, type App } from './app.ts';

const WORD = 'Word-1234_x';
const hex = Buffer.from(WORD).toString('hex').toUpperCase();

describe('a canary', () => {
  let app: App;
  beforeEach(async () => {
    app = await openApp();
  });
  afterEach(() => app.simulator.close());

  const plant = (word: string) => {
    app.simulator.settings.canary = word;
  };

  test('stands in every code and token, which work as they do without', async () => {
    plant(WORD);
    const code = await app.allow('ob-lloyds');
    expect(Buffer.from(code, 'base64url').toString()).toMatch(new RegExp(`^${WORD}`));
    const tokens = await (await app.exchange(code)).json();
    const { access_token, refresh_token } = tokens as Record<string, string>;
    expect(refresh_token).toMatch(new RegExp(`^${hex}[0-9A-F]+$`));
    expect(decodeJwt(access_token ?? '')).toMatchObject({ simulated_canary: WORD });
    expect((await app.list(access_token ?? '', 'accounts')).length).toBeGreaterThan(0);
    const again = await (await app.refresh(refresh_token ?? '')).json();
    expect(again).toMatchObject({ refresh_token });
    expect(decodeJwt((again as { access_token: string }).access_token)).toMatchObject({
      simulated_canary: WORD,
    });
  });

  test('is nowhere unless it is asked for', async () => {
    const code = await app.allow('ob-lloyds');
    const { access_token } = (await (await app.exchange(code)).json()) as { access_token: string };
    expect(decodeJwt(access_token)).not.toHaveProperty('simulated_canary');
    expect(app.simulator.settings).not.toHaveProperty('canary');
  });

  test('leaves what was given before it, or with another, as good as it was', async () => {
    const bare = await app.connect('ob-lloyds');
    plant(WORD);
    const marked = await app.connect('ob-monzo');
    plant('another-word');
    for (const { refresh_token } of [bare, marked]) {
      expect((await app.refresh(refresh_token ?? '')).status).toBe(200);
    }
  });

  test('that was tampered with makes a code and a token worthless', async () => {
    plant(WORD);
    const code = await app.allow('ob-lloyds');
    const { refresh_token = '' } = await app.connect('ob-monzo');
    const flipped = `${code.startsWith('A') ? 'B' : 'A'}${code.slice(1)}`;
    expect((await app.exchange(flipped)).status).toBe(400);
    expect((await app.refresh(`41${refresh_token.slice(2)}`)).status).toBe(400);
    const bare = refresh_token.slice(hex.length + 2);
    expect((await app.refresh(bare)).status).toBe(400);
    expect((await app.exchange(code)).status).toBe(200);
  });

  test('can be planted by a control call, which refuses words that would not fit', async () => {
    const set = (canary: unknown) => askControl(app.simulator, 'PATCH', '/settings', { canary });
    expect(await set(WORD)).toMatchObject({ status: 200, body: { canary: WORD } });
    for (const word of ['short', 'with.dot', 'x'.repeat(65), 7]) {
      expect((await set(word)).status).toBe(400);
    }
  });

  test('comes with the account numbers that a leak could show', async () => {
    expect((await askControl(app.simulator, 'GET', '/identifiers')).body).toEqual([]);
    const { access_token } = await app.connect('ob-lloyds');
    const accounts = await app.list<{ account_number: Record<string, string> }>(
      access_token,
      'accounts',
    );
    const { body } = await askControl(app.simulator, 'GET', '/identifiers');
    for (const { account_number } of accounts) {
      expect(body).toContain(account_number['iban']);
      expect(body).toContain(account_number['number']);
    }
  });
});

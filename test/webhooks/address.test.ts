import { expect, it } from 'vitest';
import { checkTarget, readEndpointUrl } from '../../src/webhooks/address.ts';
import { sendMessage } from '../../src/webhooks/send.ts';
import { startReceiver } from '../support/receiver.ts';

const PRODUCTION = { allowHttp: false, allowLoopback: false };
const DEVELOPMENT = { allowHttp: true, allowLoopback: true };

const REFUSED_ADDRESSES = (
  '127.0.0.1 127.255.0.1 0.0.0.0 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 ' +
  '100.64.0.1 100.100.100.200 192.0.0.192 198.18.0.1 224.0.0.1 239.1.1.1 240.0.0.1 ' +
  '255.255.255.255 168.63.129.16 ::1 :: ::ffff:127.0.0.1 ::ffff:93.184.216.34 ::ffff:7f00:1 ' +
  'fe80::1 fc00::1 fd00:ec2::254 ff02::1 64:ff9b::7f00:1 2002:7f00:1:: 2001::1 2001:db8::1'
).split(' ');

it.each(REFUSED_ADDRESSES)(
  'in production %s is not spoken to, by whatever name',
  async (address) => {
    const named = new URL('https://hooks.example.com/');
    const resolve = async () => [{ address: '93.184.216.34' }, { address }];
    await expect(checkTarget(named, PRODUCTION, resolve)).rejects.toThrow('ADDRESS_REFUSED');
    const host = address.includes(':') ? `[${address}]` : address;
    expect(() => readEndpointUrl(`https://${host}/`, PRODUCTION)).toThrow('URL_REFUSED');
  },
);

it.each(['93.184.216.34', '172.32.0.1', '100.128.0.1', '2606:2800:220:1::1'])(
  'in production %s is spoken to, and is what is connected to',
  async (address) => {
    const found = await checkTarget(new URL('https://hooks.example.com/'), PRODUCTION, async () => [
      { address },
    ]);
    expect(found).toEqual({ address, family: address.includes(':') ? 6 : 4 });
  },
);

it.each([
  'http://hooks.example.com/',
  'ftp://hooks.example.com/',
  'hooks.example.com',
  '',
  'https://user:word@hooks.example.com/',
  'https://hooks.example.com/#part',
  'https://localhost/',
  'https://db/',
  'https://metadata.google.internal/',
  'https://printer.local/',
  'https://0x7f.1/',
  'https://2130706433/',
  'https://017700000001/',
  `https://hooks.example.com/${'a'.repeat(2_000)}`,
])('in production %s is no address of an endpoint', (url) => {
  expect(() => readEndpointUrl(url, PRODUCTION)).toThrow('URL_REFUSED');
});

it('in development this machine is spoken to, and no other private one', async () => {
  for (const url of ['http://127.0.0.1:4/', 'http://localhost:4/', 'http://[::1]:4/']) {
    expect(readEndpointUrl(url, DEVELOPMENT).href).toBe(url);
  }
  expect(() => readEndpointUrl('http://192.168.1.1/', DEVELOPMENT)).toThrow('URL_REFUSED');
  expect(() => readEndpointUrl('http://[::ffff:127.0.0.1]/', DEVELOPMENT)).toThrow('URL_REFUSED');
});

it('a name is looked up once a send, and nothing is sent where it leads inside', async () => {
  const receiver = await startReceiver();
  const port = new URL(receiver.url).port;
  const message = { url: `http://hooks.example.com:${port}/`, headers: {}, body: '{}' };
  let looks = 0;
  const resolve = async () => {
    looks += 1;
    return [{ address: '127.0.0.1' }];
  };
  try {
    const inside = { allowHttp: true, allowLoopback: false, resolve };
    expect(await sendMessage(message, inside)).toEqual({ error: 'ADDRESS_REFUSED', status: null });
    expect(receiver.received).toEqual([]);
    // The name leads nowhere on this machine: what arrives came by the address that was checked.
    expect(await sendMessage(message, { ...inside, allowLoopback: true })).toEqual({
      error: null,
      status: 204,
    });
    expect(receiver.received).toHaveLength(1);
    expect(looks).toBe(2);
  } finally {
    await receiver.close();
  }
});

it('redirects are not followed, and endless, slow and silent answers are cut off', async () => {
  const receiver = await startReceiver();
  const send = (path: string, timeoutMilliseconds = 5_000) =>
    sendMessage(
      { url: `${receiver.url}${path}`, headers: {}, body: '{}' },
      { ...DEVELOPMENT, timeoutMilliseconds },
    );
  receiver.answer = ({ path }, response) => {
    if (path === '/redirect') response.writeHead(307, { location: '/elsewhere' }).end();
    if (path === '/endless') {
      response.writeHead(200);
      const pour = () => {
        while (!response.destroyed && response.write('x'.repeat(10_000)));
      };
      response.on('drain', pour);
      pour();
    }
  };
  try {
    expect(await send('/redirect')).toEqual({ error: 'REDIRECTED', status: 307 });
    expect(await send('/endless')).toEqual({ error: null, status: 200 });
    expect(await send('/silent', 100)).toEqual({ error: 'TIMEOUT', status: null });
    expect(receiver.received.map(({ path }) => path)).toEqual(['/redirect', '/endless', '/silent']);
  } finally {
    await receiver.close();
  }
});

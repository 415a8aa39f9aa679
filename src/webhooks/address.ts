import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';

/** What a process lets itself speak to. */
export interface AddressRules {
  /** Plain http, for trying on one machine. */
  readonly allowHttp: boolean;
  /** This machine itself, for the same. */
  readonly allowLoopback: boolean;
}

/** An address that was looked at and found fit to be connected to. */
export interface CheckedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Why an address is not spoken to. */
export type AddressFault = 'URL_REFUSED' | 'ADDRESS_REFUSED' | 'NAME_UNKNOWN';

/** An address that is not spoken to, by a stable word. */
export class AddressError extends Error {
  readonly fault: AddressFault;

  constructor(fault: AddressFault) {
    super(`the address of a webhook is not spoken to: ${fault}`);
    this.fault = fault;
  }
}

/** Finds every address of a name. */
export type Resolve = (name: string) => Promise<readonly { readonly address: string }[]>;

const URL_LENGTH_MAX = 2_000;

/**
 * Networks that are nobody's on the public internet, by the registries of special addresses, and the
 * services by which clouds tell a machine its secrets.
 *
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry
 * @see https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const REFUSED_NETWORKS = (
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 ' +
  '192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 ' +
  // Azure's platform speaks from within at a public address.
  '224.0.0.0/4 240.0.0.0/4 168.63.129.16/32 ' +
  // Of IPv6 only the global range is spoken to at all, and of that not what carries IPv4 inside.
  '2001::/23 2001:db8::/32 2002::/16 3fff::/20'
).split(' ');
const refused = blockListOf(REFUSED_NETWORKS);
const loopback = blockListOf(['127.0.0.0/8', '::1/128']);
const globalIpv6 = blockListOf(['2000::/3']);

/**
 * Reads the address of an endpoint. It says nothing yet of where a name leads.
 *
 * @throws AddressError `URL_REFUSED` for what is no address of a server on the public internet
 */
export function readEndpointUrl(text: string, rules: AddressRules): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || text.length > URL_LENGTH_MAX) throw new AddressError('URL_REFUSED');
  const scheme = url.protocol === 'https:' || (url.protocol === 'http:' && rules.allowHttp);
  // A password in an address would be shown to every operator, and what follows a # is never sent.
  if (!scheme || url.username !== '' || url.password !== '' || url.hash !== '') {
    throw new AddressError('URL_REFUSED');
  }
  const host = hostOf(url);
  if (isIP(host) !== 0) {
    if (!maySpeakTo(host, rules)) throw new AddressError('URL_REFUSED');
  } else if (!isPublicName(host) && !(rules.allowLoopback && host === 'localhost')) {
    throw new AddressError('URL_REFUSED');
  }
  return url;
}

/**
 * Finds where an address leads, once: whoever connects does so to what is returned, not to what the name
 * may lead to by then. Asks the name's servers.
 *
 * @throws AddressError where any of its addresses is none of the public internet's
 */
export async function checkTarget(
  url: URL,
  rules: AddressRules,
  resolve: Resolve = resolveName,
): Promise<CheckedAddress> {
  const host = hostOf(url);
  const found = isIP(host) === 0 ? await resolve(host).catch(() => []) : [{ address: host }];
  const [first] = found;
  if (first === undefined) throw new AddressError('NAME_UNKNOWN');
  if (!found.every(({ address }) => maySpeakTo(address, rules))) {
    throw new AddressError('ADDRESS_REFUSED');
  }
  return { address: first.address, family: isIP(first.address) === 6 ? 6 : 4 };
}

/** Whether an IP address may be connected to. */
export function maySpeakTo(address: string, { allowLoopback }: AddressRules): boolean {
  const version = isIP(address);
  if (version === 0) return false;
  const family = version === 6 ? 'ipv6' : 'ipv4';
  // Told apart from all else by its own text: an IPv4 address inside an IPv6 one is never spoken to.
  if (loopback.check(address, family) && !/^::ffff:/i.test(address)) return allowLoopback;
  if (family === 'ipv6' && !globalIpv6.check(address, family)) return false;
  return !refused.check(address, family);
}

function isPublicName(host: string): boolean {
  return (
    /^(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+$/.test(host) &&
    !/\.(localhost|local|internal|intranet|lan|home|corp|arpa|onion|test|invalid)$/.test(host)
  );
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

function resolveName(name: string): Promise<readonly { readonly address: string }[]> {
  return lookup(name, { all: true, order: 'verbatim' });
}

function blockListOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    list.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

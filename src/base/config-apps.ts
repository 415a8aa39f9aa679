import type { ConfigReader } from './config-reader.ts';

/** Apps whose association with this server's address is published, and what they may claim of it. */
export interface ClaimingApps {
  /** `TEAMID.bundle.id`. */
  readonly apple: readonly string[];
  readonly android: readonly AndroidApp[];
  /** Paths of `REDIRECT_URIS` and `RETURN_URLS` on `PUBLIC_URL`, but for our own `/callback`. */
  readonly paths: readonly string[];
}

/** An Android app, by the certificates that it may be signed with. */
export interface AndroidApp {
  readonly package: string;
  /** SHA-256, 32 upper-case pairs of hexadecimal digits with colons between them. */
  readonly fingerprints: readonly string[];
}

const APPLE_APP = /^[A-Z0-9]{10}\.[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/;
const ANDROID_APP = /^([A-Za-z]\w*(?:\.[A-Za-z]\w*)+)=((?:[0-9A-F]{2}:){31}[0-9A-F]{2})$/i;

/**
 * Reads which apps may claim ways back. An app that has nothing to claim is a fault: its links would
 * open in the browser, and nobody would know why.
 *
 * @param waysBack - every address that the user may come back to
 */
export function readApps(
  reader: ConfigReader,
  publicUrl: string,
  waysBack: readonly string[],
): ClaimingApps {
  const apple = reader.list('APPLE_APP_IDS');
  for (const id of apple.filter((text) => !APPLE_APP.test(text))) {
    reader.fault(`APPLE_APP_IDS: ${JSON.stringify(id)} is no TEAMID.bundle.id.`);
  }
  const android = new Map<string, string[]>();
  for (const text of reader.list('ANDROID_APPS')) {
    const [, name = '', fingerprint = ''] = ANDROID_APP.exec(text) ?? [];
    if (name === '') {
      reader.fault(`ANDROID_APPS: ${JSON.stringify(text)} is no package=SHA256:FINGER:PRINT.`);
    }
    android.set(name, [...(android.get(name) ?? []), fingerprint.toUpperCase()]);
  }
  const paths = pathsOn(publicUrl, waysBack);
  if (apple.length + android.size > 0 && paths.length === 0) {
    reader.fault(
      'APPLE_APP_IDS and ANDROID_APPS have nothing to claim: ' +
        'no address of REDIRECT_URIS or RETURN_URLS but /callback lies on PUBLIC_URL.',
    );
  }
  return {
    apple,
    android: [...android].map(([name, fingerprints]) => ({ package: name, fingerprints })),
    paths,
  };
}

// Our own callback stays with the browser, which alone has the cookie. In a component of Apple's, * and
// ? stand for other characters, and no path of ours should claim more than itself.
function pathsOn(publicUrl: string, waysBack: readonly string[]): readonly string[] {
  if (!URL.canParse(publicUrl)) return [];
  const { origin } = new URL(publicUrl);
  const callback = new URL(`${publicUrl}/callback`).pathname;
  const paths = waysBack
    .filter((address) => URL.canParse(address))
    .map((address) => new URL(address))
    .filter((address) => address.origin === origin && address.pathname !== callback)
    .map((address) => address.pathname.replaceAll('*', '%2A'));
  return [...new Set(paths)];
}

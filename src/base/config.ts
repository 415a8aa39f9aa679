import { type ClaimingApps, readApps } from './config-apps.ts';
import { readAlertDays, readConsentDays, readTimeZone } from './config-consents.ts';
import { type OperatorClaim, readOperatorClaim } from './config-operator.ts';
import { ConfigReader, type Environment } from './config-reader.ts';
import { readRetention, type RetentionConfig } from './config-retention.ts';
import { parseKeyRing } from './key-ring.ts';
import type { KeyRing } from './seal.ts';
import type { Zone } from './zones.ts';

/** Everything that an operator decides, read once at start. */
export interface Config {
  /** True refuses every embedded, simulated or development part. */
  readonly production: boolean;
  readonly role: 'all' | 'api' | 'worker';
  readonly host: string;
  readonly port: number;
  /** The address that browsers use, without a trailing slash. */
  readonly publicUrl: string;
  /** Where the embedded Postgres and generated development keys live. */
  readonly dataDir: string;
  /** The owner's address of a Postgres, or null for the embedded one. */
  readonly databaseUrl: string | null;
  readonly truelayer: TrueLayerConfig | null;
  /** True where TrueLayer has approved of the app's own screen for extending connections. */
  readonly extendApproved: boolean;
  /** Who shows the user what is asked for: TrueLayer, or, for regulated firms only, the app itself. */
  readonly permissions: 'truelayer' | 'own';
  /** What an `iss` on the way back from a bank has to be; null where nobody said. */
  readonly truelayerIssuer: string | null;
  readonly identity: IdentityConfig | null;
  /** What a token has to say for its bearer to be an operator; null: nobody is. */
  readonly operatorClaim: OperatorClaim | null;
  /** Which claim of a token says when its user last signed in. */
  readonly signInClaim: string;
  /** Null outside production: keys are then generated into the data folder. */
  readonly encryptionKeys: KeyRing | null;
  /** The registered addresses that a bank may send the user back to; the first is the default. */
  readonly redirectUris: readonly [string, ...string[]];
  /** Where a completed link may send the browser on to, matched exactly. */
  readonly returnUrls: readonly string[];
  readonly corsOrigins: readonly string[];
  /** The apps that may take the ways back that lie on our own address. */
  readonly apps: ClaimingApps;
  /** How many reverse proxies stand in front, whose forwarded address is believed. */
  readonly trustedProxies: number;
  /** How long after one read of its newest days a consent is read again; null: never by itself. */
  readonly readEveryHours: number | null;
  /** How many days before its end alerts tell of a consent, the most first. */
  readonly alertDaysBefore: readonly number[];
  /** How many days a consent lasts, by provider, country or `eea`, where it is not as usual. */
  readonly consentDays: ReadonlyMap<string, number>;
  /** Where users live of whom nothing better is known. */
  readonly timeZone: Zone;
  /** How long things are kept once they are over. */
  readonly keep: RetentionConfig;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Lets plain http through in production, for loopback tests of the bundle. */
  readonly allowPlainHttp: boolean;
}

/** A real TrueLayer, or one at explicit addresses. Null in `Config` means the simulator. */
export interface TrueLayerConfig {
  /** Written into every consent; what belongs to one environment never reaches another. */
  readonly environment: string;
  readonly authUrl: string;
  readonly apiUrl: string;
  /** Null: the one that the database holds. */
  readonly clientId: string | null;
  /** What the database is to hold sealed, where it is new. */
  readonly clientSecret: string | null;
  readonly pkce: boolean;
}

/** Who signs the bearer tokens of viewers. Null in `Config` means the development issuer. */
export interface IdentityConfig {
  readonly issuer: string;
  readonly audience: string;
  /** Null: asked of the issuer's discovery document. */
  readonly jwksUrl: string | null;
}

const TRUELAYER_HOSTS = {
  sandbox: {
    authUrl: 'https://auth.truelayer-sandbox.com',
    apiUrl: 'https://api.truelayer-sandbox.com',
  },
  live: { authUrl: 'https://auth.truelayer.com', apiUrl: 'https://api.truelayer.com' },
} as const;

/**
 * Reads the environment into one value.
 *
 * @param readFile - reads the file that a `…_FILE` variable names
 * @throws StartError naming every fault at once, a line each
 */
export function readConfig(environment: Environment, readFile: (path: string) => string): Config {
  const reader = new ConfigReader(environment, readFile);
  const production = reader.text('NODE_ENV') === 'production';
  const allowPlainHttp = reader.flag('ALLOW_PLAIN_HTTP');
  const httpAllowed = !production || allowPlainHttp;
  const host = reader.text('HOST') ?? '127.0.0.1';
  const port = reader.whole('PORT', 4000, 0, 65_535);
  const publicUrl = reader.address('PUBLIC_URL', httpAllowed) ?? `http://localhost:${port}`;
  if (production && reader.text('PUBLIC_URL') === undefined) {
    reader.fault('PUBLIC_URL is missing: set the https address that browsers use.');
  }
  const redirectUris = readRedirectUris(reader, httpAllowed, publicUrl);
  const returnUrls = reader.list('RETURN_URLS').map((url) => reader.returnUrl(url));
  const config: Config = {
    production,
    role: reader.choice('ROLE', ['all', 'api', 'worker'], 'all'),
    host,
    port,
    publicUrl,
    dataDir: reader.text('DATA_DIR') ?? '.data',
    databaseUrl: readDatabaseUrl(reader, production),
    truelayer: readTrueLayer(reader, production, httpAllowed),
    extendApproved: reader.choice('TRUELAYER_EXTEND', ['on', 'off'], 'off') === 'on',
    permissions: reader.choice('TRUELAYER_PERMISSIONS', ['truelayer', 'own'], 'truelayer'),
    truelayerIssuer: reader.text('TRUELAYER_ISSUER') ?? null,
    identity: readIdentity(reader, production, httpAllowed),
    operatorClaim: readOperatorClaim(reader, production),
    signInClaim: reader.text('SIGN_IN_CLAIM') ?? 'auth_time',
    encryptionKeys: readEncryptionKeys(reader, production),
    redirectUris,
    returnUrls,
    apps: readApps(reader, publicUrl, [...redirectUris, ...returnUrls]),
    corsOrigins: reader.list('CORS_ORIGINS').map((origin) => reader.origin(origin, httpAllowed)),
    trustedProxies: reader.whole('TRUSTED_PROXIES', 0, 0, 10),
    readEveryHours: readReadEveryHours(reader),
    alertDaysBefore: readAlertDays(reader),
    consentDays: readConsentDays(reader),
    timeZone: readTimeZone(reader),
    keep: readRetention(reader),
    logLevel: reader.choice('LOG_LEVEL', ['debug', 'info', 'warn', 'error', 'silent'], 'info'),
    allowPlainHttp,
  };
  reader.finish();
  return config;
}

function readReadEveryHours(reader: ConfigReader): number | null {
  const hours = reader.whole('READ_EVERY_HOURS', 24, 0, 168);
  // Banks allow four reads a day without the user.
  if (hours > 0 && hours < 6) reader.fault('READ_EVERY_HOURS is 6 to 168, or 0 for never.');
  return hours === 0 ? null : hours;
}

function readDatabaseUrl(reader: ConfigReader, production: boolean): string | null {
  const url = reader.secret('DATABASE_URL');
  if (url === undefined) {
    if (production)
      reader.fault('DATABASE_URL is missing: production needs a Postgres of its own.');
    return null;
  }
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url)) {
    reader.fault('DATABASE_URL is no address like postgresql://user:password@host:5432/name.');
  }
  return url;
}

function readTrueLayer(
  reader: ConfigReader,
  production: boolean,
  httpAllowed: boolean,
): TrueLayerConfig | null {
  const clientId = reader.text('TRUELAYER_CLIENT_ID') ?? null;
  const clientSecret = reader.secret('TRUELAYER_CLIENT_SECRET') ?? null;
  if (clientSecret !== null && clientId === null) {
    reader.fault('TRUELAYER_CLIENT_ID is missing: TRUELAYER_CLIENT_SECRET belongs to it.');
  }
  const authUrl = reader.address('TRUELAYER_AUTH_URL', httpAllowed);
  const apiUrl = reader.address('TRUELAYER_API_URL', httpAllowed);
  if ((authUrl === undefined) !== (apiUrl === undefined)) {
    reader.fault('TRUELAYER_AUTH_URL and TRUELAYER_API_URL go together: set both or neither.');
  }
  const named = reader.choice('TRUELAYER_ENV', ['sandbox', 'live'], 'sandbox');
  const pkce = reader.choice('TRUELAYER_PKCE', ['on', 'off'], 'on') === 'on';
  if (authUrl === undefined && reader.text('TRUELAYER_ENV') === undefined) {
    if (production || clientId !== null) {
      reader.fault('TRUELAYER_ENV is missing: say sandbox or live.');
    }
    return null;
  }
  const hosts = TRUELAYER_HOSTS[named];
  return {
    environment: authUrl === undefined ? named : new URL(authUrl).host,
    authUrl: authUrl ?? hosts.authUrl,
    apiUrl: apiUrl ?? hosts.apiUrl,
    clientId,
    clientSecret,
    pkce,
  };
}

function readIdentity(
  reader: ConfigReader,
  production: boolean,
  httpAllowed: boolean,
): IdentityConfig | null {
  const issuer = reader.text('AUTH_ISSUER');
  if (issuer === undefined) {
    if (production) reader.fault('AUTH_ISSUER is missing: production has no development tokens.');
    return null;
  }
  const audience = reader.text('AUTH_AUDIENCE');
  if (audience === undefined) {
    reader.fault('AUTH_AUDIENCE is missing: name the audience that tokens for this server carry.');
  }
  const jwksUrl = reader.address('AUTH_JWKS_URL', httpAllowed) ?? null;
  if (jwksUrl === null && !URL.canParse(issuer)) {
    reader.fault('AUTH_JWKS_URL is missing: AUTH_ISSUER is no address whose keys could be found.');
  }
  return { issuer, audience: audience ?? '', jwksUrl };
}

function readRedirectUris(
  reader: ConfigReader,
  httpAllowed: boolean,
  publicUrl: string,
): readonly [string, ...string[]] {
  // A redirect URI must equal the registered one byte for byte, so it is checked, never rewritten.
  const uris = reader.list('REDIRECT_URIS');
  for (const uri of uris) {
    if (!URL.canParse(uri)) {
      reader.fault(`REDIRECT_URIS: ${JSON.stringify(uri)} is no address.`);
    } else if (!httpAllowed && new URL(uri).protocol === 'http:') {
      reader.fault(`REDIRECT_URIS: ${uri} must be https in production.`);
    }
  }
  const [first = `${publicUrl}/callback`, ...others] = uris;
  return [first, ...others];
}

function readEncryptionKeys(reader: ConfigReader, production: boolean): KeyRing | null {
  const text = reader.secret('ENCRYPTION_KEYS');
  if (text === undefined) {
    if (production) {
      reader.fault(
        'ENCRYPTION_KEYS is missing: set id:key, the key being 32 random bytes in base64 ' +
          '(openssl rand -base64 32), or the ARN of a KMS key.',
      );
    }
    return null;
  }
  try {
    return parseKeyRing(text);
  } catch (error) {
    reader.fault(`ENCRYPTION_KEYS ${(error as Error).message}`);
    return null;
  }
}

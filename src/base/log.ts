import { AsyncLocalStorage } from 'node:async_hooks';
import { type DestinationStream, type Logger, pino } from 'pino';

/** Structured lines with secrets struck out; ids, never personal data. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error' | 'flush'>;

const correlation = new AsyncLocalStorage<string>();

/** Runs work whose log lines, jobs and calls to TrueLayer all carry one correlation id. */
export function withCorrelation<T>(id: string, work: () => T): T {
  return correlation.run(id, work);
}

/** The correlation id of the work at hand, if any. */
export function correlationId(): string | undefined {
  return correlation.getStore();
}

/** What a log may keep of an error. */
interface ErrorDescription {
  readonly type: string;
  readonly message: string;
  /** Not `code`, which is struck out everywhere: authorization codes have that name. */
  readonly errorCode?: string;
  readonly stack?: string;
  readonly cause?: ErrorDescription;
}

const CAUSES_MAX = 4;

// Errors of libraries carry whole clients and requests with them, keys and statements included: of
// an error only what is named here is written.
function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) {
    const { message = error } = (error ?? {}) as { message?: unknown };
    return { type: typeof error, message: String(message) };
  }
  const { name, message, stack, cause } = error;
  const { code } = error as NodeJS.ErrnoException;
  return {
    type: name,
    message,
    ...(typeof code === 'string' ? { errorCode: code } : {}),
    ...(stack === undefined ? {} : { stack }),
    ...(cause === undefined || depth === CAUSES_MAX
      ? {}
      : { cause: describeError(cause, depth + 1) }),
  };
}

const SECRET_NAMES = [
  'authorization',
  'cookie',
  'accessToken',
  'refreshToken',
  'access_token',
  'refresh_token',
  'client_secret',
  'clientSecret',
  'code',
  'codeVerifier',
  'code_verifier',
  'password',
  'state',
];

// Field names catch what we log on purpose; this catches what a library put into a message.
const SECRET_TEXT =
  /eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*){1,3}|Bearer\s+[\w.~+/=-]+|((?:access_token|refresh_token|client_secret|code|code_verifier|state|password)=)[^&\s"'\\]+|(postgres(?:ql)?:\/\/[^:/\s]+:)[^@\s]+(?=@)/gi;

/** Strikes tokens, codes and passwords out of any text. */
export function strikeSecrets(text: string): string {
  return text.replace(
    SECRET_TEXT,
    (_match, parameter: string | undefined, url: string | undefined) =>
      `${parameter ?? url ?? ''}[struck]`,
  );
}

/**
 * Opens the log.
 *
 * @param destination - where lines go; standard output when left out
 */
export function createLog(level: string, destination?: DestinationStream): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => {
        const id = correlation.getStore();
        return id === undefined ? {} : { correlationId: id };
      },
      redact: {
        paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
        censor: '[struck]',
      },
      serializers: { err: describeError },
      hooks: { streamWrite: strikeSecrets },
    },
    destination ?? pino.destination({ dest: 1, sync: true }),
  );
}

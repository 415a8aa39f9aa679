import { AsyncLocalStorage } from 'node:async_hooks';
import { type DestinationStream, type Logger, pino } from 'pino';
import { describeError, wordsOf } from './error-words.ts';

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
  /eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*){1,3}|whsec_[\w+/=-]+|Bearer\s+[\w.~+/=-]+|((?:access_token|refresh_token|client_secret|code|code_verifier|state|password)=)[^&\s"'\\]+|(postgres(?:ql)?:\/\/[^:/\s]+:)[^@\s]+(?=@)/gi;

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
      formatters: { level: (label) => ({ level: label }), log: describeErrors },
      mixin: () => {
        const id = correlation.getStore();
        return id === undefined ? {} : { correlationId: id };
      },
      redact: {
        paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
        censor: '[struck]',
      },
      serializers: { err: describeError },
      hooks: {
        streamWrite: strikeSecrets,
        // Of an error without words beside it the message would become the line's own, as it is.
        logMethod(words, write) {
          const [first, ...others] = words as readonly unknown[];
          const error = first instanceof Error ? first : errorOf(first);
          if (error === undefined || others.length > 0) return write.apply(this, words);
          const fields = first instanceof Error ? { err: error } : first;
          return write.apply(this, [fields, wordsOf(error).message] as Parameters<typeof write>);
        },
      },
    },
    destination ?? pino.destination({ dest: 1, sync: true }),
  );
}

function errorOf(fields: unknown): unknown {
  return typeof fields === 'object' && fields !== null
    ? (fields as { err?: unknown }).err
    : undefined;
}

/** Errors under other names than `err`, which has a serializer, would show all that hangs on them. */
function describeErrors(fields: Record<string, unknown>): Record<string, unknown> {
  const isForeign = ([name, value]: [string, unknown]) => name !== 'err' && value instanceof Error;
  if (!Object.entries(fields).some(isForeign)) return fields;
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      isForeign([name, value]) ? describeError(value) : value,
    ]),
  );
}

/** What may be written of an error, in a log or beside a job. */
export interface ErrorDescription {
  readonly type: string;
  readonly message: string;
  /** Not `code`, which is struck out everywhere: authorization codes have that name. */
  readonly errorCode?: string;
  readonly stack?: string;
  readonly cause?: ErrorDescription;
}

const CAUSES_MAX = 4;

/**
 * An error without what a library hung on it (whole clients and requests, rows, statements) and
 * without the values that libraries quote in their messages.
 */
export function describeError(error: unknown, depth = 0): ErrorDescription {
  const { code, cause } = shapeOf(error);
  const stack = framesOf(error);
  return {
    ...wordsOf(error),
    ...(typeof code === 'string' ? { errorCode: code } : {}),
    ...(stack === undefined ? {} : { stack }),
    ...(cause === undefined || depth === CAUSES_MAX
      ? {}
      : { cause: describeError(cause, depth + 1) }),
  };
}

/** The kind of an error, and its message without values. */
export function wordsOf(error: unknown): Pick<ErrorDescription, 'type' | 'message'> {
  const { name } = shapeOf(error);
  return { type: typeof name === 'string' ? name : typeof error, message: messageOf(error) };
}

/** As far as it is known; the queue passes on copies of errors, which are errors no more. */
interface Shape {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly stack?: unknown;
  readonly cause?: unknown;
  readonly code?: unknown;
  readonly severity?: unknown;
  readonly meta?: unknown;
}

function shapeOf(error: unknown): Shape {
  return typeof error === 'object' && error !== null ? error : {};
}

function messageOf(error: unknown): string {
  const { name, code, severity, message = error } = shapeOf(error);
  const text = String(message);
  if (typeof name === 'string' && name.startsWith('PrismaClient'))
    return prismaMessage(error, text);
  if (typeof severity === 'string' && typeof code === 'string') return sqlMessage(code, text);
  return name === 'SyntaxError' || name === 'TypeError' ? withoutQuotes(text) : text;
}

/**
 * Classes of `SQLSTATE` whose messages name tables, columns and constraints, and no values: those
 * stand in the detail. All others, invalid values above all, quote what was sent.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const NO_VALUES = /^(?:08|23|25|28|40|42(?!601)|53|54|55|57|58)/;

function sqlMessage(code: string, message: string): string {
  return NO_VALUES.test(code) ? message : `the statement failed with SQLSTATE ${code}`;
}

// Prisma's message has lines of our source and, where it finds the arguments wrong, all of them.
function prismaMessage(error: unknown, message: string): string {
  const call = /^\s*Invalid `([\w.$]+\(\))` invocation/.exec(message)?.[1];
  const { code, meta } = shapeOf(error);
  const { driverAdapterError } = (meta ?? {}) as { driverAdapterError?: { cause?: unknown } };
  const driver = (driverAdapterError?.cause ?? {}) as Readonly<Record<string, unknown>>;
  const { originalCode, originalMessage } = driver;
  const said =
    typeof originalCode === 'string'
      ? sqlMessage(originalCode, String(originalMessage))
      : withoutQuotes(message.trimEnd().split('\n').at(-1) ?? '');
  return [call, code, said].filter((word) => typeof word === 'string' && word !== '').join(': ');
}

// The engine quotes JSON that it cannot read, headers and addresses that it cannot use.
function withoutQuotes(message: string): string {
  return message
    .replace(/"[^]*"/, '"[struck]"')
    .replace(/^(Failed to parse URL from|Cannot convert) [^]*$/, '$1 [struck]');
}

/** Where it happened. A stack begins with the message, as it is. */
function framesOf(error: unknown): string | undefined {
  const { message, stack } = shapeOf(error);
  if (typeof stack !== 'string') return undefined;
  const start = typeof message === 'string' ? stack.indexOf(message) : -1;
  const rest = start < 0 ? stack : stack.slice(start + String(message).length);
  const frames = rest.split('\n').filter((line) => /^\s+at /.test(line));
  return frames.length === 0 ? undefined : frames.join('\n');
}

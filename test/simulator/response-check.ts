import { createRequire } from 'node:module';
import type { OpenAPIResponseValidatorArgs } from 'openapi-response-validator';
import type { DocumentedResponse, Operation, Schema } from './openapi.ts';

/** An answer as it came over HTTP. */
export interface CheckedAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed if it is JSON; undefined if it is empty. */
  readonly body: unknown;
}

/**
 * Everything in which the body of an answer is not what an operation documents for its status, one
 * text each: the field, a colon, and the fault.
 */
export function bodyFaults(operation: Operation, answer: CheckedAnswer): readonly string[] {
  const documented = operation.responses[answer.status];
  if (documented === undefined) return [`status: ${answer.status} is not documented`];
  const contents = documented.content ?? {};
  const isShaped = Object.values(contents).some(({ schema }) => schema !== undefined);
  if (answer.body === undefined && !isShaped) return [];
  const type = answer.headers['content-type']?.split(';')[0];
  const content = contents[type ?? ''];
  if (content === undefined) return [`body: ${type} is not a documented media type`];
  if (content.schema === undefined) return [];
  const faults = validate(content.schema, answer.body);
  return [...faults, ...exampleFaults(documented, answer.body)];
}

/** The same for headers. All those that are documented for the status are expected. */
export function headerFaults(operation: Operation, answer: CheckedAnswer): readonly string[] {
  const documented = operation.responses[answer.status]?.headers;
  return documented === undefined ? [] : validate(headerSchema(documented), answer.headers);
}

const HEADER_SCHEMAS = new WeakMap<object, Schema>();

function headerSchema(documented: NonNullable<DocumentedResponse['headers']>): Schema {
  const known = HEADER_SCHEMAS.get(documented);
  if (known !== undefined) return known;
  const headers = Object.entries(documented).map(
    ([name, { schema }]) => [name.toLowerCase(), schema] as const,
  );
  const required = headers.map(([name]) => name);
  const schema = { type: 'object', required, properties: Object.fromEntries(headers) };
  HEADER_SCHEMAS.set(documented, schema);
  return schema;
}

/** An error whose code has an official example must have its text too. */
function exampleFaults(documented: DocumentedResponse, body: unknown): readonly string[] {
  const error = body as { error?: string; error_description?: string } | null | undefined;
  const examples = Object.values(documented.content ?? {})
    .flatMap((content) => Object.values(content.examples ?? {}))
    .map(({ value }) => value as typeof error);
  const like = examples.filter((example) => example?.error === error?.error);
  const texts = like.map((example) => plain(example?.error_description));
  if (error?.error === undefined || like.length === 0) return [];
  return texts.includes(plain(error.error_description))
    ? []
    : [`error_description: of ${error.error} differs from the example`];
}

/** A text without the one thing that differs from case to case, the instant of an expiry. */
function plain(text = ''): string {
  return text.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ/, 'instant');
}

/** Checks a body; where it is a list of what its schema describes, says so and checks each row. */
function validate(schema: Schema, body: unknown): readonly string[] {
  const [rows, prefix] = rowsOf(schema, body);
  if (rows === undefined) return validateOne(schema, body, '');
  return [
    ...new Set([
      `${prefix}: a list, where the schema describes one row`,
      ...rows.flatMap((row) => validateOne(schema, row, `${prefix}[]`)),
    ]),
  ];
}

function rowsOf(
  schema: Schema,
  body: unknown,
): readonly [rows: readonly unknown[] | undefined, prefix: string] {
  if (schema.type === 'object' && Array.isArray(body)) return [body, 'body'];
  const { results } = (body ?? {}) as { results?: unknown };
  const isKnown = schema.properties === undefined || 'results' in schema.properties;
  return Array.isArray(results) && !isKnown ? [results, 'results'] : [undefined, ''];
}

const { default: ResponseValidator } = createRequire(import.meta.url)(
  'openapi-response-validator',
) as {
  default: new (args: OpenAPIResponseValidatorArgs) => {
    validateResponse(status: number, body: unknown): { errors?: AjvError[] } | undefined;
  };
};

const VALIDATORS = new WeakMap<Schema, InstanceType<typeof ResponseValidator>>();

function validateOne(schema: Schema, body: unknown, prefix: string): readonly string[] {
  let validator = VALIDATORS.get(schema);
  if (validator === undefined) {
    validator = new ResponseValidator({
      responses: { 200: { schema: schema as never } },
      customFormats: FORMATS,
      errorTransformer: (_, error) => error,
    });
    VALIDATORS.set(schema, validator);
  }
  const faults = validator.validateResponse(200, body)?.errors ?? [];
  return [...new Set(faults.map((fault) => describeFault(fault, body, prefix)))];
}

interface AjvError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message: string;
}

function describeFault(error: AjvError, body: unknown, prefix: string): string {
  const { keyword, message, params } = error;
  const steps = error.instancePath.split('/').slice(2);
  const name = steps.map((step) => (/^\d+$/.test(step) ? '[]' : `.${step}`)).join('');
  const field = (more = '') => `${prefix}${name}${more}`.replace(/^\./, '') || 'body';
  switch (keyword) {
    case 'additionalProperties':
      return `${field(`.${String(params['additionalProperty'])}`)}: unknown`;
    case 'required':
      return `${field(`.${String(params['missingProperty'])}`)}: missing`;
    case 'enum': {
      const value = steps.reduce<unknown>((node, step) => (node as never)?.[step], body);
      return typeof value === 'string'
        ? `${field()}: "${value}" is not in its enum`
        : `${field()}: not in its enum`;
    }
    default:
      return `${field()}: ${message}`;
  }
}

const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/** The formats that the documents name. The first is no known one: a day, or a day and a time. */
const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  datetime: (text) =>
    /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d{1,7})?(Z|[+-]\d{2}:\d{2})?)?$/.test(text) &&
    !Number.isNaN(Date.parse(text)),
  'date-time': (text) => RFC_3339.test(text) && !Number.isNaN(Date.parse(text)),
  uri: (text) => URL.canParse(text),
  email: (text) => /^[^@\s]+@[^@\s]+$/.test(text),
};

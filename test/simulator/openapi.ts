import { readFileSync } from 'node:fs';
import path from 'node:path';

/** A folder with TrueLayer's own documents, `openapi/` and `examples/`; undefined without. */
export const REFERENCE = process.env['CONSENTRY_REFERENCE'];

/** A schema with every reference in it resolved. */
export interface Schema {
  readonly [keyword: string]: unknown;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly required?: readonly string[];
}

/** What an operation may answer with one status. */
export interface DocumentedResponse {
  readonly headers?: Readonly<Record<string, { readonly schema: Schema }>>;
  /** By media type, with the official examples by name. */
  readonly content?: Readonly<Record<string, DocumentedContent>>;
}

interface DocumentedContent {
  readonly schema?: Schema;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

/** An operation of the official documents. */
export interface Operation {
  readonly method: string;
  /** From the host on, such as `/data/v1/accounts/{account_id}`. */
  readonly template: string;
  /** By status. */
  readonly responses: Readonly<Record<string, DocumentedResponse>>;
}

const FILES = ['data-api-v1', 'authentication-server', 'client-tracking'];

/** All operations of the official OpenAPI files. Unknown fields are closed out of every schema. */
export function readOperations(): readonly Operation[] {
  return FILES.flatMap((file) => {
    const document = readReference(`openapi/${file}.openapi.json`) as Document;
    return Object.entries(document.paths).flatMap(([template, item]) =>
      Object.entries(item).map(([method, operation]) => {
        const [server] = operation.servers ?? document.servers;
        const base = new URL(server?.url ?? '').pathname.replace(/\/$/, '');
        const responses = resolve(operation.responses, document) as Operation['responses'];
        return { method: method.toUpperCase(), template: `${base}${template}`, responses };
      }),
    );
  });
}

/** The JSON of a file in the folder of documents. */
export function readReference(file: string): unknown {
  return JSON.parse(readFileSync(path.join(REFERENCE ?? '', file), 'utf8'));
}

/** True if a path is one of a template's. */
export function fits(template: string, pathname: string): boolean {
  const [wanted, given] = [template.split('/'), pathname.split('/')];
  return (
    wanted.length === given.length &&
    wanted.every((part, index) => part === given[index] || part.startsWith('{'))
  );
}

interface Document {
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, RawOperation>>>>;
}

interface RawOperation {
  readonly servers?: readonly { readonly url: string }[];
  readonly responses: unknown;
}

type Tree = Readonly<Record<string, unknown>>;

/** A copy in which references are replaced, `allOf` is merged and objects are closed. */
function resolve(node: unknown, document: Document): unknown {
  if (Array.isArray(node)) return node.map((entry) => resolve(entry, document));
  if (!isTree(node)) return node;
  const reference = node['$ref'];
  if (typeof reference === 'string') return resolve(lookUp(document, reference), document);
  const { allOf, ...copy } = Object.fromEntries(
    Object.entries(node).map(([name, value]) => [name, resolve(value, document)]),
  );
  // Official examples are data, and none of them has a field of one of these names.
  if (Array.isArray(allOf)) return allOf.reduce(merge);
  // No schema of the Data API says so itself: without this every unknown field would pass.
  return isTree(copy['properties']) ? { ...copy, additionalProperties: false } : copy;
}

function lookUp(document: Document, reference: string): unknown {
  return reference
    .split('/')
    .slice(1)
    .reduce<unknown>((node, name) => (isTree(node) ? node[name] : undefined), document);
}

function merge(one: unknown, other: unknown): unknown {
  if (!isTree(one) || !isTree(other)) return other;
  const both = Object.keys(other).map((name) => [
    name,
    name in one ? merge(one[name], other[name]) : other[name],
  ]);
  return { ...one, ...Object.fromEntries(both) };
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

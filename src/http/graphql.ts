import type { IncomingMessage, ServerResponse } from 'node:http';
import { PothosValidationError } from '@pothos/core';
import {
  type DocumentNode,
  GraphQLError,
  NoSchemaIntrospectionCustomRule,
  parse,
  type ParseOptions,
  validate,
} from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import type { App } from '../app.ts';
import { ExpectedError } from '../base/errors.ts';
import { correlationId } from '../base/log.ts';
import { noteTokenZone } from '../consents/viewer-zone.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Context, TokenViewer } from '../graphql/context.ts';
import { createLoaders } from '../graphql/loaders.ts';
import { schema } from '../graphql/schema.ts';
import { isOutage } from '../postgres/db.ts';
import { clientIpOf } from './client-ip.ts';
import { withoutValues } from './request-error.ts';

interface ServerContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly viewer: TokenViewer | null;
}

/** Answers `/graphql` for a viewer who is known by now. */
export type AnswerGraphql = (
  request: IncomingMessage,
  response: ServerResponse,
  viewer: TokenViewer | null,
) => Promise<void>;

const TOKENS_MAX = 4_000;

/** Makes the GraphQL endpoint. */
export function createGraphql(app: App): AnswerGraphql {
  const yoga = createYoga<ServerContext, Context>({
    schema,
    graphqlEndpoint: '/graphql',
    landingPage: false,
    graphiql: false,
    multipart: false,
    logging: false,
    // Without a list Yoga would let every website read the answers.
    cors: app.config.corsOrigins.length > 0 && {
      origin: [...app.config.corsOrigins],
      credentials: true,
      methods: ['POST', 'GET', 'OPTIONS'],
    },
    maskedErrors: { maskError: (error) => maskError(app, error) },
    context: (initial) => contextOf(app, initial),
    plugins: [limits(app.config.production), cookies()],
  });
  return async (request, response, viewer) => {
    if (viewer !== null) {
      // What can be read is read also where nothing can be written; the next request tries again.
      await noteTokenZone(app, viewer).catch((error: unknown) => {
        app.log.warn({ err: error, viewerId: viewer.id }, 'a time zone could not be kept');
      });
    }
    await yoga.handle(request, response, { req: request, res: response, viewer });
  };
}

function contextOf(
  app: App,
  { req, res, viewer, request }: ServerContext & { readonly request: Request },
): Context {
  return {
    app,
    viewer,
    clientIp: clientIpOf(req, app.config.trustedProxies),
    reader: (viewer === null
      ? app.database.shared
      : app.database.reader(viewer.id)) as unknown as PrismaClient,
    loaders: createLoaders(app, viewer?.id ?? ''),
    signal: viewer === null ? request.signal : untilErased(app, request.signal, viewer.id, res),
    cookies: [],
  };
}

/** Ends also once the viewer is erased, in whatever process. */
function untilErased(
  app: App,
  signal: AbortSignal,
  viewerId: string,
  response: ServerResponse,
): AbortSignal {
  const erased = new AbortController();
  response.once(
    'close',
    app.events.onErased(viewerId, () => erased.abort()),
  );
  return AbortSignal.any([signal, erased.signal]);
}

// Yoga has no limit of its own on the length of a document, and hints at hidden names in errors. It
// takes variables in an address that are no JSON for a fault of ours.
function limits(production: boolean): Plugin {
  return {
    onRequestParse({ requestParser, setRequestParser }) {
      if (requestParser === undefined) return;
      setRequestParser(async (request) => {
        try {
          return await requestParser(request);
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error;
          throw new GraphQLError('`variables` and `extensions` have to be JSON.', {
            extensions: { code: 'BAD_REQUEST', http: { status: 400 } },
          });
        }
      });
    },
    // Postgres has no text with a NUL, so nobody can mean one.
    onParams({ params }) {
      if (!JSON.stringify(params).includes('\\u0000')) return;
      throw new GraphQLError('There is a NUL character in the request.', {
        extensions: { code: 'BAD_INPUT' },
      });
    },
    onParse({ setParseFn }) {
      setParseFn((source: string, options?: ParseOptions): DocumentNode =>
        parse(source, { ...options, maxTokens: TOKENS_MAX }),
      );
      return ({ result }) => {
        if (result instanceof GraphQLError) withoutValues(result);
      };
    },
    onValidate({ addValidationRule, setValidationFn }) {
      const strike = ({ result }: { readonly result: readonly Error[] }) =>
        (result as readonly GraphQLError[]).forEach(withoutValues);
      if (!production) return strike;
      addValidationRule(NoSchemaIntrospectionCustomRule);
      setValidationFn(((
        ...[graphqlSchema, document, rules, options]: Parameters<typeof validate>
      ) =>
        validate(graphqlSchema, document, rules, {
          ...options,
          hideSuggestions: true,
        })) as typeof validate);
      return strike;
    },
  };
}

function cookies(): Plugin<Context> {
  const lines = new WeakMap<Request, readonly string[]>();
  return {
    onContextBuilding({ context }) {
      lines.set(context.request, context.cookies);
    },
    onResponse({ request, response }) {
      for (const line of lines.get(request) ?? []) response.headers.append('set-cookie', line);
    },
  };
}

/** Expected errors keep their code; what is a bug or an outage is told only to the log. */
function maskError(app: App, error: unknown): Error {
  const wrapper = error instanceof GraphQLError ? error : null;
  const original = wrapper === null ? error : wrapper.originalError;
  const place = { nodes: wrapper?.nodes ?? null, path: wrapper?.path ?? null };
  if (original instanceof ExpectedError) {
    return new GraphQLError(original.message, { ...place, extensions: { code: original.code } });
  }
  if (original instanceof PothosValidationError) {
    const cursor = original.message.startsWith('Invalid cursor');
    const extensions = { code: cursor ? 'BAD_CURSOR' : 'BAD_INPUT' };
    return withoutValues(new GraphQLError(original.message, { ...place, extensions }));
  }
  if (wrapper !== null && (original === undefined || original instanceof GraphQLError)) {
    return withoutValues(wrapper);
  }
  const id = correlationId() ?? app.entropy.bytes(12).toString('hex');
  app.log.error({ err: original, correlationId: id }, 'a field could not be resolved');
  const outage = isOutage(original);
  const message = outage
    ? 'This cannot be answered at the moment: ask again soon.'
    : 'Something went wrong on our side.';
  const code = outage ? 'UNAVAILABLE' : 'INTERNAL';
  return new GraphQLError(message, { ...place, extensions: { code, correlationId: id } });
}

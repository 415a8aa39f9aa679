import SchemaBuilder from '@pothos/core';
import ComplexityPlugin from '@pothos/plugin-complexity';
import ErrorsPlugin from '@pothos/plugin-errors';
import PrismaPlugin from '@pothos/plugin-prisma';
import RelayPlugin from '@pothos/plugin-relay';
import type { Day } from '../base/days.ts';
import type PrismaTypes from '../generated/pothos.ts';
import { getDatamodel } from '../generated/pothos.ts';
import type { Context } from './context.ts';

/** The largest page of any list, and the one given without a wish. */
export const PAGE_MAX = 100;
export const PAGE_DEFAULT = 20;

/** The types that every noun adds itself to. */
export const builder = new SchemaBuilder<{
  Context: Context;
  PrismaTypes: PrismaTypes;
  DefaultFieldNullability: false;
  DefaultInputFieldRequiredness: false;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
    Date: { Input: Day; Output: string };
    Decimal: { Input: string; Output: string };
    BigInt: { Input: bigint; Output: bigint };
    Currency: { Input: string; Output: string };
  };
}>({
  plugins: [ErrorsPlugin, ComplexityPlugin, RelayPlugin, PrismaPlugin],
  defaultFieldNullability: false,
  errors: { defaultTypes: [] },
  complexity: {
    // A page's own size is the multiplier; a list without arguments is short by its nature.
    defaultListMultiplier: 1,
    limit: { complexity: 20_000, depth: 16, breadth: 400 },
  },
  relay: {
    clientMutationId: 'omit',
    cursorType: 'String',
    nodesOnConnection: { description: 'The rows without their places.' },
    idFieldOptions: { description: 'Its id, which never changes.' },
    firstArgOptions: { description: 'How many, 1 to 100; 20 if not given.' },
    afterArgOptions: { description: 'The `endCursor` of the page before.' },
    lastArgOptions: { description: 'How many from the end, 1 to 100.' },
    beforeArgOptions: { description: 'The `startCursor` of the page after.' },
    nodeQueryOptions: {
      description: 'Any object by its id; null if the viewer has none such.',
      args: { id: { description: 'The `id` of the object.' } },
    },
    nodesQueryOptions: {
      description:
        'Up to 100 objects by their ids, in that order; null for each that is not found.',
      complexity: ({ ids }: { ids?: readonly unknown[] }) => ({
        field: 1,
        multiplier: Math.max(ids?.length ?? 0, 1),
      }),
      args: { ids: { description: 'The `id` of each object.' } },
    },
    nodeTypeOptions: { description: 'Something with an id that never changes.' },
    pageInfoTypeOptions: { description: 'Where a page lies in its list.' },
    hasNextPageFieldOptions: { description: 'Whether the list goes on after this page.' },
    hasPreviousPageFieldOptions: { description: 'Whether the list has rows before this page.' },
    startCursorFieldOptions: { description: 'The place of the first row; null on an empty page.' },
    endCursorFieldOptions: { description: 'The place of the last row; null on an empty page.' },
    edgesFieldOptions: { description: 'The rows with their places.' },
    nodeFieldOptions: { description: 'The row itself.' },
    cursorFieldOptions: { description: 'Its place, for `after`.' },
    pageInfoFieldOptions: { description: 'Where this page lies in the list.' },
  },
  prisma: {
    client: (context) => context.reader,
    dmmf: getDatamodel(),
    maxConnectionSize: PAGE_MAX,
    defaultConnectionSize: PAGE_DEFAULT,
    filterConnectionTotalCount: true,
    onUnusedQuery: null,
  },
});

builder.queryType({ description: 'What can be read. All but the list of banks needs a token.' });
builder.mutationType({
  description: 'What can be asked for. Each answers with a result or a named error.',
});
builder.subscriptionType({ description: 'What can be followed, over server-sent events.' });

import { writeFileSync } from 'node:fs';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { schema } from '../graphql/schema.ts';

const FILE = new URL('../../schema/schema.graphql', import.meta.url);

// Sorted, so that the order of imports never shows in the API's changelog.
writeFileSync(FILE, `${printSchema(lexicographicSortSchema(schema))}\n`);

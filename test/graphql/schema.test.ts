import { readdirSync, readFileSync } from 'node:fs';
import {
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  Kind,
  lexicographicSortSchema,
  parse,
  printSchema,
  validate,
} from 'graphql';
import { describe, expect, test } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';

const FOLDER = new URL('../../schema/', import.meta.url);
const OPERATIONS = new URL('operations/', FOLDER);

test('the committed schema is the printed one: else run npm run schema and read the diff', () => {
  const committed = readFileSync(new URL('schema.graphql', FOLDER), 'utf8');
  expect(committed).toBe(`${printSchema(lexicographicSortSchema(schema))}\n`);
});

test('every type, field, argument, input field and enum value has a description', () => {
  const ours = Object.values(schema.getTypeMap()).filter(
    (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
  );
  const bare = ours.flatMap(describedParts).filter(([, description]) => !description);
  expect(bare.map(([name]) => name)).toEqual([]);
});

describe('the documented operations', () => {
  const files = readdirSync(OPERATIONS).filter((file) => file.endsWith('.graphql'));

  test.each(files)('%s is one operation, valid, named like its file, with a comment', (file) => {
    const text = readFileSync(new URL(file, OPERATIONS), 'utf8');
    const document = parse(text);
    expect(validate(schema, document)).toEqual([]);
    const operations = document.definitions.filter(
      (definition) => definition.kind === Kind.OPERATION_DEFINITION,
    );
    expect(operations.map((operation) => toKebab(operation.name?.value ?? ''))).toEqual([
      file.replace('.graphql', ''),
    ]);
    expect(text).toMatch(/^# [A-Z]/);
  });
});

type Part = readonly [name: string, description: string | null | undefined];

/** A type and all that it holds, each with its description. */
function describedParts(type: GraphQLNamedType): Part[] {
  const parts: Part[] = [[type.name, type.description]];
  if (isEnumType(type)) {
    for (const value of type.getValues()) {
      parts.push([`${type.name}.${value.name}`, value.description]);
    }
  }
  if (isInputObjectType(type)) {
    for (const field of Object.values(type.getFields())) {
      parts.push([`${type.name}.${field.name}`, field.description]);
    }
  }
  if (isObjectType(type) || isInterfaceType(type)) {
    for (const field of Object.values(type.getFields())) {
      parts.push([`${type.name}.${field.name}`, field.description]);
      for (const argument of field.args) {
        parts.push([`${type.name}.${field.name}(${argument.name})`, argument.description]);
      }
    }
  }
  return parts;
}

function toKebab(name: string): string {
  return name.replaceAll(/(?<!^)[A-Z]/g, '-$&').toLowerCase();
}

import { GraphQLError } from 'graphql';
import { DateTimeISOResolver, LocalDateResolver } from 'graphql-scalars';
import { type Day, parseDay } from '../base/days.ts';
import { parseDecimal } from '../base/money.ts';
import { builder } from './builder.ts';

builder.addScalarType('DateTime', DateTimeISOResolver, {
  description: 'An instant in UTC, ISO 8601: `2026-03-01T09:30:00.000Z`.',
});

builder.scalarType('Date', {
  description: 'A calendar day without a time, ISO 8601: `2026-03-01`.',
  serialize: (day) => LocalDateResolver.serialize(day),
  parseValue: (value): Day => {
    try {
      return parseDay(String(value));
    } catch {
      throw new GraphQLError('Date is a calendar day that exists, written 2026-03-01.');
    }
  },
});

builder.scalarType('Decimal', {
  description:
    'An exact decimal number as text, `-12.50`. Never read it into a binary float to calculate.',
  serialize: (value) => value,
  parseValue: (value) => {
    try {
      return parseDecimal(String(value));
    } catch {
      throw new GraphQLError('Decimal is a number written as text, such as "12.50".');
    }
  },
});

// Text for every size: a number for small ones and text for large ones would be two types in one.
builder.scalarType('BigInt', {
  description: 'A whole number of any size as text, `1250`.',
  serialize: (value) => value.toString(),
  parseValue: (value) => {
    if (/^-?\d{1,60}$/.test(String(value))) return BigInt(String(value));
    throw new GraphQLError('BigInt is a whole number written as text, such as "1250".');
  },
});

// Banks give codes that no list has, so the shape is checked and not the word.
builder.scalarType('Currency', {
  description: 'A currency by its ISO 4217 code: `GBP`.',
  serialize: (value) => value,
  parseValue: (value) => {
    if (/^[A-Z]{3}$/.test(String(value))) return String(value);
    throw new GraphQLError('Currency is three capital letters, such as "GBP".');
  },
});

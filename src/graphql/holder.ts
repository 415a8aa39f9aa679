import { dayOf } from '../base/days.ts';
import type { WireAddress } from '../truelayer/wire-info.ts';
import { maskName, maskNumber, shown } from './account.ts';
import { builder } from './builder.ts';
import { Consent } from './consent.ts';
import type { Context } from './context.ts';

const NOT_SAID = 'null where the bank does not say.';

const Address = builder.objectRef<WireAddress>('HolderAddress').implement({
  description: 'A postal address as the bank writes it.',
  fields: (t) => ({
    street: t.exposeString('street', {
      nullable: true,
      description: `Street and number; ${NOT_SAID}`,
    }),
    city: t.exposeString('city', { nullable: true, description: `The place; ${NOT_SAID}` }),
    postCode: t.exposeString('postCode', {
      nullable: true,
      description: `The post code; ${NOT_SAID}`,
    }),
    region: t.exposeString('region', {
      nullable: true,
      description: `State, county or region; ${NOT_SAID}`,
    }),
    country: t.exposeString('country', {
      nullable: true,
      description: `The country in the bank's words; ${NOT_SAID}`,
    }),
  }),
});

builder.prismaObject('Holder', {
  description:
    'Somebody who holds what a consent opens, in the words of the bank. Most banks give the name alone.',
  fields: (t) => ({
    fullName: t.string({
      nullable: true,
      description: `The full name, masked without the scope \`identifiers\`; ${NOT_SAID}`,
      resolve: ({ fullName }, _args, context) => shown(fullName, context, maskName),
    }),
    emails: t.stringList({
      description: 'E-mail addresses, masked without the scope `identifiers`; empty where none.',
      resolve: ({ emails }, _args, context) => all(emails, context, maskEmail),
    }),
    phones: t.stringList({
      description: 'Telephone numbers, masked without the scope `identifiers`; empty where none.',
      resolve: ({ phones }, _args, context) => all(phones, context, maskNumber),
    }),
    addresses: t.field({
      type: [Address],
      nullable: true,
      description:
        'Postal addresses, empty where the bank gives none; null without the scope `identifiers`.',
      resolve: ({ addresses }, _args, context) =>
        mayShow(context) ? (addresses as unknown as WireAddress[]) : null,
    }),
    dateOfBirth: t.field({
      type: 'Date',
      nullable: true,
      description: 'Null where the bank does not say, and without the scope `identifiers`.',
      resolve: ({ dateOfBirth }, _args, context) =>
        dateOfBirth === null || !mayShow(context) ? null : dayOf(dateOfBirth),
    }),
  }),
});

function mayShow({ viewer }: Context): boolean {
  return viewer?.scopes.includes('identifiers') === true;
}

function all(values: readonly string[], context: Context, mask: (value: string) => string) {
  return values.map((value) => shown(value, context, mask) ?? '');
}

/** The first letter, and that it is an address. */
function maskEmail(value: string): string {
  return `${value[0]}•••@•••`;
}

builder.prismaObjectFields(Consent, (t) => ({
  holders: t.relation('holders', {
    description:
      'Who holds what it opens, in the order of the bank: several of joint accounts. Empty where the bank does not say, and without the scope `info`.',
    query: { orderBy: { place: 'asc' } },
  }),
}));

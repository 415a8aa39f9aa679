import { type Clocks, clocksOf } from '../consents/clocks.ts';
import { builder } from './builder.ts';
import { Consent } from './consent.ts';

const ConsentClock = builder.enumType('ConsentClock', {
  description: 'A clock that runs against a consent.',
  values: {
    ACCESS_TOKEN: {
      description: 'The access token: it counts only where there is no other token.',
    },
    REFRESH_TOKEN: { description: 'The refresh token, which dies if it is not used.' },
    CONSENT: { description: 'The period that the user agreed to.' },
  } as const,
});

const ConsentClocks = builder.objectRef<Clocks>('ConsentClocks').implement({
  description:
    'The three clocks of a consent. This server keeps tokens alive by itself: a user has to heed `consentEndsAt` alone.',
  fields: (t) => ({
    accessTokenEndsAt: t.expose('accessTokenEndsAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the access token ends, unless it is replaced; null once it is destroyed.',
    }),
    refreshTokenEndsAt: t.expose('refreshTokenEndsAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'When the refresh token dies of idleness: 30 days after its last use. Null without `offline_access`, and once it is destroyed.',
    }),
    consentEndsAt: t.expose('consentEndsAt', {
      type: 'DateTime',
      description: 'When the period ends that the user agreed to.',
    }),
    binding: t.expose('binding', {
      type: ConsentClock,
      nullable: true,
      description:
        'The clock that ends access first if nobody does anything: without `offline_access` the access token; else the refresh token or the period, whichever is sooner. Null once the consent has ended.',
    }),
    bankHint: t.expose('bankHint', {
      type: 'DateTime',
      nullable: true,
      description:
        "The bank's own word on the end of the period: a hint, by which nothing is decided; null if not given.",
    }),
  }),
});

builder.prismaObjectField(Consent, 'clocks', (t) =>
  t.field({
    type: ConsentClocks,
    description: 'When its tokens and its period end, and which of them comes first.',
    resolve: async (consent, _args, { loaders }) =>
      clocksOf(consent, await loaders.tokenDates.load(consent.id)),
  }),
);

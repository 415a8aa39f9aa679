import type { builder } from './builder.ts';

type InputFields = Parameters<Parameters<typeof builder.inputType>[1]['fields']>[0];

/** How the user comes back from the bank, as every way there lets the app choose it. */
export function wayBackFields(t: InputFields) {
  return {
    redirectUri: t.string({
      description:
        "One of this server's registered addresses: its own `/callback`, or a page of the app that then calls `completeConsent`.",
    }),
    returnTo: t.string({
      description:
        'Where `/callback` sends the user in the end, with `link`, `result` and `code`; one of the configured addresses.',
    }),
    context: t.string({
      description:
        "Up to 1 KB of the app's own, handed back by `authLink(id)` and `completeConsent`.",
    }),
  };
}

import { z } from 'zod';

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
/** Major units, as the holder sees them; a number is taken by its digits. */
const amount = z
  .union([z.string(), z.number()])
  .transform(String)
  .refine((text) => /^[+-]?\d{1,20}(?:\.\d{1,20})?$/.test(text), 'an amount is a decimal number');
/** A pattern of paths; one that is no regular expression is refused by name. */
const pattern = z
  .string()
  .min(1)
  .max(500)
  .transform((text, context) => {
    try {
      return new RegExp(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  });
/** What can stand in a header. */
const headerText = z.string().regex(/^[\t\x20-\x7e]*$/, 'headers are plain ASCII');
const count = z.number().int().min(0);
const whose = { user: z.string(), bank: z.string() };
const words = {
  description: z.string().min(1).max(500),
  at: instant.exactOptional(),
  category: z.string().exactOptional(),
  classification: z.array(z.string()).max(2).exactOptional(),
  merchant: z.string().exactOptional(),
};

const TIMESTAMPS = [
  'midnight',
  'midnight-no-zone',
  'midnight-offset',
  'midnight-local',
  'instant',
  'instant-seven-digits',
] as const;

/** The bodies of control calls. What they do not know they refuse, so that no typo goes unseen. */
export const bodies = {
  clock: z.strictObject({
    to: instant.exactOptional(),
    bySeconds: z.number().exactOptional(),
    runs: z.boolean().exactOptional(),
  }),
  fault: z.strictObject({
    path: pattern,
    method: z.string().exactOptional(),
    bank: z.string().exactOptional(),
    user: z.string().exactOptional(),
    times: count.min(1).exactOptional(),
    probability: z.number().min(0).max(1).exactOptional(),
    seed: z.string().exactOptional(),
    status: z.number().int().min(200).max(599).exactOptional(),
    body: z.unknown().exactOptional(),
    text: z.string().exactOptional(),
    headers: z.record(z.string().regex(/^[\w-]+$/), headerText).exactOptional(),
    delayMilliseconds: count.max(60_000).exactOptional(),
    reset: z.union([z.boolean(), z.literal('mid-answer')]).exactOptional(),
    stall: z.boolean().exactOptional(),
    malformed: z.boolean().exactOptional(),
    hugeBytes: count.max(4 * 2 ** 30).exactOptional(),
    mistyped: z.boolean().exactOptional(),
    swapped403: z.boolean().exactOptional(),
    task: z.enum(['failed', 'stuck', 'expired']).exactOptional(),
    webhook: z.enum(['never', 'twice', 'late', 'early']).exactOptional(),
    lateMilliseconds: count.exactOptional(),
  }),
  preset: z.strictObject({ name: z.string() }),
  settings: z.strictObject({
    rotateRefreshTokens: z.boolean().exactOptional(),
    latency: z.boolean().exactOptional(),
    queuedMilliseconds: count.exactOptional(),
    clientSecret: z.string().min(1).max(500).exactOptional(),
    canary: z
      .string()
      .regex(/^[\w-]{6,64}$/, 'a canary is 6 to 64 letters, digits, _ and -')
      .exactOptional(),
  }),
  traits: z.strictObject({
    healthy: z.boolean().exactOptional(),
    windowSeconds: count.exactOptional(),
    maxHistoryMonths: count.max(1200).exactOptional(),
    laterDays: count.exactOptional(),
    refusal: z.enum(['sca_exceeded', 'access_denied', 'invalid_date_range']).exactOptional(),
    longestRangeDays: count.exactOptional(),
    refusesLostDays: z.boolean().exactOptional(),
    onlyInWindow: z.array(z.string()).exactOptional(),
    unattendedCallsPerDay: count.exactOptional(),
    consentSeconds: count.exactOptional(),
    accessTokenSeconds: count.exactOptional(),
    latencyMilliseconds: count.max(600_000).exactOptional(),
    asynchronous: z.boolean().exactOptional(),
    timestamps: z.enum(TIMESTAMPS).exactOptional(),
    normalisedIds: z.boolean().exactOptional(),
    providerIds: z.boolean().exactOptional(),
    transactionIds: z.enum(['steady', 'changing']).exactOptional(),
    accountIds: z.enum(['steady', 'per-consent']).exactOptional(),
    runningBalance: z.enum(['always', 'sometimes', 'never', 'reversed']).exactOptional(),
    pending: z.boolean().exactOptional(),
    foreignCurrencies: z
      .array(z.enum(['EUR', 'JPY', 'KWD']))
      .max(3)
      .exactOptional(),
    joint: z.boolean().exactOptional(),
    tempo: z.number().min(0).max(20).exactOptional(),
  }),
  accountChange: z.strictObject({
    ...whose,
    id: z.string().min(1).max(200).exactOptional(),
    displayName: z.string().min(1).max(200).exactOptional(),
    currency: z.string().max(10).exactOptional(),
    lastDigits: z
      .string()
      .regex(/^\d{1,8}$/, 'last digits are digits')
      .exactOptional(),
    withoutIban: z.boolean().exactOptional(),
    closed: z.boolean().exactOptional(),
  }),
  newRow: z.strictObject({
    ...whose,
    ...words,
    account: z.string().exactOptional(),
    amount,
    pending: z.boolean().exactOptional(),
  }),
  rowChanges: z.strictObject({
    ...whose,
    ...words,
    description: words.description.exactOptional(),
    amount: amount.exactOptional(),
  }),
  settlement: z.strictObject({ ...whose, amount: amount.exactOptional() }),
};

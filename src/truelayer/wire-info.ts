import { z } from 'zod';
import type { Day } from '../base/days.ts';
import { isExactObject, type ExactJson } from './exact-json.ts';
import { dayOrNull, instantOrNull, textOrNull, texts } from './fields.ts';

/** A postal address as a bank writes it; any part may be missing. */
export interface WireAddress {
  readonly street: string | null;
  readonly city: string | null;
  readonly postCode: string | null;
  readonly region: string | null;
  readonly country: string | null;
}

/** A holder of the accounts, as `/info` names them; a joint account may have several. */
export interface WireInfo {
  readonly fullName: string | null;
  /** Mostly empty: few banks give any. */
  readonly emails: readonly string[];
  /** Mostly empty: few banks give any. */
  readonly phones: readonly string[];
  /** Hardly any bank gives one nowadays. */
  readonly addresses: readonly WireAddress[];
  /** Hardly any bank gives it nowadays. */
  readonly dateOfBirth: Day | null;
  /** The branch that the holder chose on the way in, where a provider has several banks. */
  readonly branchId: string | null;
  readonly updatedAt: Date | null;
}

const addressShape = z
  .object({
    address: textOrNull,
    city: textOrNull,
    zip: textOrNull,
    state: textOrNull,
    country: textOrNull,
  })
  .transform((wire): WireAddress => ({
    street: wire.address,
    city: wire.city,
    postCode: wire.zip,
    region: wire.state,
    country: wire.country,
  }));

// Left out by most, and an entry that is no address, or an empty one, is none.
const addresses = z
  .unknown()
  .optional()
  .transform((value): WireAddress[] => {
    const list = Array.isArray(value) ? (value as readonly ExactJson[]) : [];
    return list
      .filter(isExactObject)
      .map((entry) => addressShape.parse(entry))
      .filter((address) => Object.values(address).some((part) => part !== null));
  });

/** Reads a record of `/info`: what names the holder and the branch, and how to reach them. */
export const infoShape: z.ZodType<WireInfo> = z
  .object({
    full_name: textOrNull,
    emails: texts,
    phones: texts,
    addresses,
    date_of_birth: dayOrNull,
    branch_id: textOrNull,
    update_timestamp: instantOrNull,
  })
  .transform((wire) => ({
    fullName: wire.full_name,
    emails: wire.emails,
    phones: wire.phones,
    addresses: wire.addresses,
    dateOfBirth: wire.date_of_birth,
    branchId: wire.branch_id,
    updatedAt: wire.update_timestamp,
  }));

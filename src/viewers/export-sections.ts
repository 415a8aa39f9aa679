import { ACCOUNT_SECTIONS } from './export-account-sections.ts';
import { CONSENT_SECTIONS } from './export-consent-sections.ts';
import type { ExportSection } from './export-section.ts';
import { TRANSACTION_SECTIONS } from './export-transaction-sections.ts';

/**
 * All that an export holds, in this order: what the user, their banks or this server put in. Sealed and
 * hashed values are left out, for they are keys and nobody's data. Another table is one more entry.
 */
export const EXPORT_SECTIONS: readonly ExportSection[] = [
  ...CONSENT_SECTIONS,
  ...ACCOUNT_SECTIONS,
  ...TRANSACTION_SECTIONS,
];

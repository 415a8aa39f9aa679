import './scalars.ts';
import './errors.ts';
import './money.ts';
import './balance.ts';
import './provider.ts';
import './account.ts';
import './transaction.ts';
import './consent.ts';
import './alert.ts';
import './consent-timeline.ts';
import './consent-clocks.ts';
import './remedy.ts';
import './needs-attention.ts';
import './revoke-consent.ts';
import './erase-viewer.ts';
import './export-viewer.ts';
import './auth-link.ts';
import './alarm.ts';
import './unheard.ts';
import './viewer.ts';
import './update-viewer.ts';
import './account-matching.ts';
import './operations.ts';
import './link-funnel.ts';
import { builder } from './builder.ts';

/** The whole GraphQL schema. */
export const schema = builder.toSchema();

import type { AccountRow } from '../accounts/read.ts';
import { builder } from './builder.ts';

/** The `Account` interface; its fields stand in `account.ts`. */
export const Account = builder.interfaceRef<AccountRow>('Account');

import { ExpectedError } from '../base/errors.ts';

/** The viewer has no such account. */
export class AccountUnknownError extends ExpectedError {
  constructor() {
    super('ACCOUNT_UNKNOWN', 'The viewer has no such account.');
  }
}

/** Why two accounts cannot be made one, by code. */
export const MERGE_REFUSALS = {
  SAME_ACCOUNT: 'An account cannot be merged into itself.',
  DIFFERENT_BANKS: 'The accounts are at different banks, or one is a card and the other is none.',
  IDENTIFIERS_DIFFER: 'The numbers or currencies of the accounts differ.',
  LISTED_TOGETHER: 'The bank lists both accounts side by side: they are two.',
  MERGED_ALREADY: 'One of the accounts is merged into another already: split it first.',
  HAS_MERGED: 'Other accounts are merged into the one to merge: split them first, or keep it.',
} as const;

/** Two accounts cannot be made one. */
export class AccountsNotMergeableError extends ExpectedError {
  constructor(code: keyof typeof MERGE_REFUSALS) {
    super(code, MERGE_REFUSALS[code]);
  }
}

/** An account is an account of its own already. */
export class AccountNotMergedError extends ExpectedError {
  constructor() {
    super('ACCOUNT_NOT_MERGED', 'The account is not merged into another, nor proposed to be.');
  }
}

/** An account is merged into another, and shown as that. */
export class AccountMergedError extends ExpectedError {
  constructor() {
    super('ACCOUNT_MERGED', 'The account is merged into another: change that, or split it first.');
  }
}

/** A name that an account cannot go by. */
export class AccountNameRefusedError extends ExpectedError {
  constructor() {
    super('ACCOUNT_NAME_REFUSED', 'A name has 1 to 200 characters, none of them a control.');
  }
}

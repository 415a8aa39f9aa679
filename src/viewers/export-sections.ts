/** One kind of rows in an export. */
export interface ExportSection {
  /** What its rows are called: the `type` of a line, the `kind` of a file. */
  readonly kind: string;
  /** Where its rows are, with the condition that they are the viewer's, `$1`. */
  readonly from: string;
  /** What puts them into an order and tells each from the others, newest or smallest first. */
  readonly order: readonly OrderColumn[];
  readonly descending?: true;
  /** The name of each value, and what gives it. Amounts are text, so that they stay exact. */
  readonly columns: Readonly<Record<string, string>>;
}

interface OrderColumn {
  readonly column: string;
  readonly type: 'uuid' | 'date' | 'int' | 'bigint' | 'text';
}

const ID: readonly OrderColumn[] = [{ column: 't.id', type: 'uuid' }];

const text = (column: string) => `${column}::text`;
const instant = (column: string) => `to_char(${column}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const theirs = (table: string) => `${table} t where t.viewer_id = $1::uuid`;

/**
 * All that an export holds, in this order: what the user, their banks or this server put in. Sealed and
 * hashed values are left out, for they are keys and nobody's data. Another table is one more entry.
 */
export const EXPORT_SECTIONS: readonly ExportSection[] = [
  {
    kind: 'viewer',
    from: 'viewer t where t.id = $1::uuid',
    order: ID,
    columns: {
      id: 't.id',
      issuer: 't.issuer',
      subject: 't.subject',
      createdAt: instant('t.created_at'),
      timeZone: 't.time_zone',
    },
  },
  {
    kind: 'authLinks',
    from: theirs('auth_link'),
    order: ID,
    columns: {
      id: 't.id',
      providerId: 't.provider_id',
      providers: 't.providers',
      scopes: 't.scopes',
      context: 't.context',
      status: 't.status',
      code: 't.error_code',
      createdAt: instant('t.created_at'),
      openedAt: instant('t.opened_at'),
      returnedAt: instant('t.returned_at'),
      endedAt: instant('t.ended_at'),
    },
  },
  {
    kind: 'consents',
    from: theirs('consent'),
    order: ID,
    columns: {
      id: 't.id',
      authLinkId: 't.auth_link_id',
      providerId: 't.provider_id',
      status: 't.status',
      statusReason: 't.status_reason',
      period: 't.period',
      scopes: 't.scopes',
      consentedAt: instant('t.consented_at'),
      endsAt: instant('t.ends_at'),
      bankEndsAt: instant('t.bank_ends_at'),
      endedAt: instant('t.ended_at'),
    },
  },
  {
    kind: 'consentMoves',
    from: theirs('consent_move'),
    order: ID,
    columns: {
      consentId: 't.consent_id',
      fromStatus: 't.from_status',
      toStatus: 't.to_status',
      reason: 't.reason',
      actor: 't.actor',
      period: 't.period',
      movedAt: instant('t.moved_at'),
    },
  },
  {
    kind: 'consentReceipts',
    from: theirs('consent_receipt'),
    order: ID,
    columns: {
      consentId: 't.consent_id',
      period: 't.period',
      kind: 't.kind',
      way: 't.way',
      textVersion: 't.text_version',
      scopes: 't.scopes',
      receivedAt: instant('t.received_at'),
    },
  },
  {
    kind: 'revocations',
    from: theirs('revocation'),
    order: ID,
    columns: {
      consentId: 't.consent_id',
      cause: 't.cause',
      requestedAt: instant('t.requested_at'),
      confirmedAt: instant('t.confirmed_at'),
      endedAt: instant('t.ended_at'),
    },
  },
  {
    kind: 'alerts',
    from: theirs('alert'),
    order: ID,
    columns: {
      id: 't.id',
      consentId: 't.consent_id',
      kind: 't.kind',
      daysBefore: 't.days_before',
      raisedAt: instant('t.raised_at'),
      acknowledgedAt: instant('t.acknowledged_at'),
      closedAt: instant('t.closed_at'),
    },
  },
  {
    kind: 'accounts',
    from: theirs('account'),
    order: ID,
    columns: {
      id: 't.id',
      consentId: 't.consent_id',
      providerId: 't.provider_id',
      providerAccountId: 't.provider_account_id',
      kind: 't.kind',
      accountType: 't.account_type',
      displayName: 't.display_name',
      bankName: 't.bank_name',
      status: 't.status',
      excluded: 't.excluded',
      mergedInto: 't.merged_into_id',
      holderName: 't.holder_name',
      currency: 't.currency',
      iban: 't.iban',
      accountNumber: 't.account_number',
      sortCode: 't.sort_code',
      bic: 't.bic',
      cardNetwork: 't.card_network',
      lastDigits: 't.last_digits',
      validTo: 't.valid_to',
      firstSeenAt: instant('t.first_seen_at'),
      seenAt: instant('t.seen_at'),
    },
  },
  {
    kind: 'accountAliases',
    from: theirs('account_alias'),
    order: [
      { column: 't.environment', type: 'text' },
      { column: 't.provider_id', type: 'text' },
      { column: 't.kind::text', type: 'text' },
      { column: 't.provider_account_id', type: 'text' },
    ],
    columns: {
      accountId: 't.account_id',
      providerId: 't.provider_id',
      providerAccountId: 't.provider_account_id',
      firstSeenAt: instant('t.first_seen_at'),
      seenAt: instant('t.seen_at'),
    },
  },
  {
    kind: 'accountProposals',
    from: theirs('account_proposal'),
    order: ID,
    columns: {
      newer: 't.newer_id',
      older: 't.older_id',
      reason: 't.reason',
      proposedAt: instant('t.proposed_at'),
      decidedAt: instant('t.decided_at'),
      decision: 't.decision',
    },
  },
  {
    kind: 'troubles',
    from: theirs('trouble'),
    order: ID,
    columns: {
      accountId: 't.account_id',
      consentId: 't.consent_id',
      endpoint: 't.endpoint',
      meaning: 't.meaning',
      code: 't.code',
      since: instant('t.since'),
      lastSeenAt: instant('t.last_seen_at'),
      times: 't.times',
    },
  },
  {
    kind: 'balances',
    from: theirs('balance'),
    order: [{ column: 't.account_id', type: 'uuid' }],
    columns: {
      accountId: 't.account_id',
      currency: 't.currency',
      current: text('t.current'),
      available: text('t.available'),
      overdraft: text('t.overdraft'),
      creditLimit: text('t.credit_limit'),
      lastStatementBalance: text('t.last_statement_balance'),
      lastStatementOn: 't.last_statement_on',
      paymentDue: text('t.payment_due'),
      paymentDueOn: 't.payment_due_on',
      asOf: instant('t.as_of'),
    },
  },
  {
    kind: 'historySpans',
    from: theirs('history_span'),
    order: ID,
    columns: {
      consentId: 't.consent_id',
      accountId: 't.account_id',
      fromOn: 't.from_on',
      untilOn: 't.until_on',
      status: 't.status',
      reason: 't.reason',
    },
  },
  {
    kind: 'transactions',
    from: theirs('transaction'),
    order: [
      { column: 't.booked_on', type: 'date' },
      { column: 't.id', type: 'uuid' },
    ],
    descending: true,
    columns: {
      id: 't.id',
      accountId: 't.account_id',
      status: 't.status',
      bookedOn: 't.booked_on',
      bookedAt: instant('t.booked_at'),
      amount: text('t.amount'),
      currency: 't.currency',
      originalAmount: text('t.original_amount'),
      originalCurrency: 't.original_currency',
      exchangeRate: text('t.exchange_rate'),
      description: 't.description',
      merchantName: 't.merchant_name',
      category: 't.category',
      classification: 't.classification',
      counterpartyName: 't.counterparty_name',
      counterpartyIban: 't.counterparty_iban',
      reference: 't.reference',
      runningBalance: text('t.running_balance'),
      transactionId: 't.transaction_id',
      normalisedId: 't.normalised_id',
      providerTransactionId: 't.provider_transaction_id',
      providerCategory: 't.provider_category',
      ownTransfer: 't.own_transfer',
      version: 't.version',
      firstSeenAt: instant('t.first_seen_at'),
      changedAt: instant('t.changed_at'),
      note: 't.note',
      ownCategory: 't.own_category',
      hidden: 't.hidden',
    },
  },
  {
    kind: 'transactionVersions',
    // By way of the transactions, which have an index for one viewer's.
    from: `transaction t join transaction_version v on v.transaction_id = t.id
      where t.viewer_id = $1::uuid and v.viewer_id = $1::uuid`,
    order: [
      { column: 't.booked_on', type: 'date' },
      { column: 't.id', type: 'uuid' },
      { column: 'v.version', type: 'int' },
    ],
    descending: true,
    columns: {
      transactionId: 't.id',
      version: 'v.version',
      replacedAt: instant('v.replaced_at'),
      content: 'v.content',
    },
  },
  {
    kind: 'changes',
    from: theirs('change'),
    order: [{ column: 't.seq', type: 'bigint' }],
    columns: {
      seq: text('t.seq'),
      subject: 't.subject',
      subjectId: 't.subject_id',
      act: 't.act',
      at: instant('t.at'),
    },
  },
];

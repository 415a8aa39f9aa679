-- The first house: viewers, banks, links, consents, accounts, money, history and the change log.
-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "auth_link_status" AS ENUM ('OPEN', 'CLAIMED', 'COMPLETED', 'CANCELLED', 'FAILED');

-- CreateEnum
CREATE TYPE "consent_status" AS ENUM ('ACTIVE', 'EXPIRING', 'REAUTH_REQUIRED', 'EXPIRED', 'REVOKED');

-- CreateEnum
CREATE TYPE "account_kind" AS ENUM ('BANK_ACCOUNT', 'CARD');

-- CreateEnum
CREATE TYPE "transaction_status" AS ENUM ('PENDING', 'BOOKED');

-- CreateEnum
CREATE TYPE "span_status" AS ENUM ('PLANNED', 'SAVED', 'REFUSED', 'MISSED', 'FAILED');

-- CreateTable
CREATE TABLE "viewer" (
    "id" UUID NOT NULL,
    "issuer" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "viewer_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "provider" (
    "environment" TEXT NOT NULL,
    "provider_id" TEXT NOT NULL,
    "display_name" TEXT NOT NULL,
    "country" TEXT,
    "logo_url" TEXT,
    "scopes" TEXT[],
    "healthy" BOOLEAN,
    "health_checked_at" TIMESTAMPTZ(3),
    "listed" BOOLEAN NOT NULL DEFAULT true,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "refreshed_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "provider_pkey" PRIMARY KEY ("environment","provider_id")
);

-- CreateTable
CREATE TABLE "auth_link" (
    "id" UUID NOT NULL,
    "viewer_id" UUID NOT NULL,
    "environment" TEXT NOT NULL,
    "client_id" TEXT NOT NULL,
    "state_hash" BYTEA NOT NULL,
    "browser_hash" BYTEA NOT NULL,
    "provider_id" TEXT,
    "providers" TEXT[],
    "scopes" TEXT[],
    "redirect_uri" TEXT NOT NULL,
    "return_to" TEXT,
    "context" TEXT,
    "sealed_code_verifier" TEXT,
    "sealed_psu_ip" TEXT,
    "sealed_code" TEXT,
    "status" "auth_link_status" NOT NULL DEFAULT 'OPEN',
    "error_code" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "claimed_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "auth_link_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "consent" (
    "id" UUID NOT NULL,
    "viewer_id" UUID NOT NULL,
    "auth_link_id" UUID NOT NULL,
    "environment" TEXT NOT NULL,
    "client_id" TEXT NOT NULL,
    "credentials_id" TEXT,
    "provider_id" TEXT,
    "status" "consent_status" NOT NULL DEFAULT 'ACTIVE',
    "status_reason" TEXT,
    "scopes" TEXT[],
    "sealed_psu_ip" TEXT,
    "consented_at" TIMESTAMPTZ(3) NOT NULL,
    "window_ends_at" TIMESTAMPTZ(3) NOT NULL,
    "ends_at" TIMESTAMPTZ(3) NOT NULL,
    "bank_ends_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "due_at" TIMESTAMPTZ(3),
    "read_at" TIMESTAMPTZ(3),
    "planned_at" TIMESTAMPTZ(3),
    "history_ended_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "consent_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "consent_credential" (
    "consent_id" UUID NOT NULL,
    "viewer_id" UUID NOT NULL,
    "generation" INTEGER NOT NULL DEFAULT 1,
    "sealed_access" TEXT NOT NULL,
    "access_issued_at" TIMESTAMPTZ(3) NOT NULL,
    "access_expires_at" TIMESTAMPTZ(3) NOT NULL,
    "sealed_refresh" TEXT,
    "refresh_ends_at" TIMESTAMPTZ(3),
    "lease_owner" UUID,
    "lease_ends_at" TIMESTAMPTZ(3),

    CONSTRAINT "consent_credential_pkey" PRIMARY KEY ("consent_id")
);

-- CreateTable
CREATE TABLE "alert" (
    "id" UUID NOT NULL,
    "viewer_id" UUID NOT NULL,
    "consent_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "days_before" INTEGER NOT NULL,
    "raised_at" TIMESTAMPTZ(3) NOT NULL,
    "acknowledged_at" TIMESTAMPTZ(3),

    CONSTRAINT "alert_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "account" (
    "id" UUID NOT NULL,
    "viewer_id" UUID NOT NULL,
    "consent_id" UUID NOT NULL,
    "environment" TEXT NOT NULL,
    "provider_id" TEXT NOT NULL,
    "provider_account_id" TEXT NOT NULL,
    "kind" "account_kind" NOT NULL,
    "account_type" TEXT,
    "display_name" TEXT NOT NULL,
    "holder_name" TEXT,
    "currency" CHAR(3),
    "iban" TEXT,
    "account_number" TEXT,
    "sort_code" TEXT,
    "bic" TEXT,
    "card_network" TEXT,
    "last_digits" TEXT,
    "valid_to" TEXT,
    "read_at" TIMESTAMPTZ(3),
    "read_until_on" DATE,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "account_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "balance" (
    "account_id" UUID NOT NULL,
    "viewer_id" UUID NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "current" DECIMAL NOT NULL,
    "available" DECIMAL,
    "overdraft" DECIMAL,
    "credit_limit" DECIMAL,
    "last_statement_balance" DECIMAL,
    "last_statement_on" DATE,
    "payment_due" DECIMAL,
    "payment_due_on" DATE,
    "as_of" TIMESTAMPTZ(3) NOT NULL,
    "fetched_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "balance_pkey" PRIMARY KEY ("account_id")
);

-- CreateTable
CREATE TABLE "transaction" (
    "id" UUID NOT NULL,
    "viewer_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "identity" TEXT NOT NULL,
    "status" "transaction_status" NOT NULL,
    "booked_on" DATE NOT NULL,
    "booked_at" TIMESTAMPTZ(3),
    "amount" DECIMAL NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "original_amount" DECIMAL,
    "original_currency" CHAR(3),
    "exchange_rate" DECIMAL,
    "description" TEXT NOT NULL,
    "merchant_name" TEXT,
    "category" TEXT NOT NULL,
    "classification" TEXT[],
    "counterparty_name" TEXT,
    "counterparty_iban" TEXT,
    "reference" TEXT,
    "running_balance" DECIMAL,
    "transaction_id" TEXT NOT NULL,
    "normalised_id" TEXT,
    "provider_transaction_id" TEXT,
    "provider_category" TEXT,
    "sign_disputed" BOOLEAN NOT NULL DEFAULT false,
    "own_transfer" BOOLEAN,
    "version" INTEGER NOT NULL DEFAULT 1,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL,
    "note" TEXT,
    "own_category" TEXT,
    "hidden" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "transaction_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "transaction_version" (
    "transaction_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "viewer_id" UUID NOT NULL,
    "content" JSONB NOT NULL,
    "replaced_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "transaction_version_pkey" PRIMARY KEY ("transaction_id","version")
);

-- CreateTable
CREATE TABLE "history_span" (
    "id" UUID NOT NULL,
    "viewer_id" UUID NOT NULL,
    "consent_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "from_on" DATE NOT NULL,
    "until_on" DATE NOT NULL,
    "status" "span_status" NOT NULL DEFAULT 'PLANNED',
    "reason" TEXT,
    "rows_saved" INTEGER NOT NULL DEFAULT 0,
    "waits" INTEGER NOT NULL DEFAULT 0,
    "deadline_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "history_span_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "change_counter" (
    "viewer_id" UUID NOT NULL,
    "epoch" UUID NOT NULL,
    "seq" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "change_counter_pkey" PRIMARY KEY ("viewer_id")
);

-- CreateTable
CREATE TABLE "change" (
    "viewer_id" UUID NOT NULL,
    "seq" BIGINT NOT NULL,
    "subject" TEXT NOT NULL,
    "subject_id" UUID NOT NULL,
    "act" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "change_pkey" PRIMARY KEY ("viewer_id","seq")
);

-- CreateIndex
CREATE UNIQUE INDEX "viewer_issuer_subject_key" ON "viewer"("issuer", "subject");

-- CreateIndex
CREATE INDEX "provider_environment_country_display_name_idx" ON "provider"("environment", "country", "display_name");

-- CreateIndex
CREATE UNIQUE INDEX "auth_link_state_hash_key" ON "auth_link"("state_hash");

-- CreateIndex
CREATE INDEX "auth_link_viewer_id_created_at_idx" ON "auth_link"("viewer_id", "created_at");

-- CreateIndex
CREATE UNIQUE INDEX "consent_auth_link_id_key" ON "consent"("auth_link_id");

-- CreateIndex
CREATE INDEX "consent_viewer_id_created_at_id_idx" ON "consent"("viewer_id", "created_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "alert_viewer_id_raised_at_idx" ON "alert"("viewer_id", "raised_at");

-- CreateIndex
CREATE UNIQUE INDEX "alert_consent_id_kind_days_before_key" ON "alert"("consent_id", "kind", "days_before");

-- CreateIndex
CREATE INDEX "account_consent_id_idx" ON "account"("consent_id");

-- CreateIndex
CREATE INDEX "account_viewer_id_display_name_id_idx" ON "account"("viewer_id", "display_name", "id");

-- CreateIndex
CREATE UNIQUE INDEX "account_viewer_id_environment_provider_id_kind_provider_acc_key" ON "account"("viewer_id", "environment", "provider_id", "kind", "provider_account_id");

-- CreateIndex
CREATE INDEX "transaction_account_id_booked_on_id_idx" ON "transaction"("account_id", "booked_on" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "transaction_viewer_id_booked_on_id_idx" ON "transaction"("viewer_id", "booked_on" DESC, "id" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "transaction_account_id_identity_key" ON "transaction"("account_id", "identity");

-- CreateIndex
CREATE UNIQUE INDEX "history_span_consent_id_account_id_from_on_key" ON "history_span"("consent_id", "account_id", "from_on");

-- AddForeignKey
ALTER TABLE "auth_link" ADD CONSTRAINT "auth_link_viewer_id_fkey" FOREIGN KEY ("viewer_id") REFERENCES "viewer"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "consent" ADD CONSTRAINT "consent_viewer_id_fkey" FOREIGN KEY ("viewer_id") REFERENCES "viewer"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "consent" ADD CONSTRAINT "consent_auth_link_id_fkey" FOREIGN KEY ("auth_link_id") REFERENCES "auth_link"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "consent" ADD CONSTRAINT "consent_environment_provider_id_fkey" FOREIGN KEY ("environment", "provider_id") REFERENCES "provider"("environment", "provider_id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "consent_credential" ADD CONSTRAINT "consent_credential_consent_id_fkey" FOREIGN KEY ("consent_id") REFERENCES "consent"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "alert" ADD CONSTRAINT "alert_consent_id_fkey" FOREIGN KEY ("consent_id") REFERENCES "consent"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "account" ADD CONSTRAINT "account_consent_id_fkey" FOREIGN KEY ("consent_id") REFERENCES "consent"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "account" ADD CONSTRAINT "account_environment_provider_id_fkey" FOREIGN KEY ("environment", "provider_id") REFERENCES "provider"("environment", "provider_id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "balance" ADD CONSTRAINT "balance_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "transaction" ADD CONSTRAINT "transaction_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "transaction_version" ADD CONSTRAINT "transaction_version_transaction_id_fkey" FOREIGN KEY ("transaction_id") REFERENCES "transaction"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "history_span" ADD CONSTRAINT "history_span_consent_id_fkey" FOREIGN KEY ("consent_id") REFERENCES "consent"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "history_span" ADD CONSTRAINT "history_span_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "change_counter" ADD CONSTRAINT "change_counter_viewer_id_fkey" FOREIGN KEY ("viewer_id") REFERENCES "viewer"("id") ON DELETE CASCADE ON UPDATE CASCADE;


-- What Prisma's schema cannot say, from here on.

-- The due-work scan reads this index and nothing else: its cost follows what is due.
CREATE INDEX "consent_due_idx" ON "consent" ("due_at") WHERE "due_at" IS NOT NULL;

ALTER TABLE "auth_link"
  ADD CONSTRAINT "auth_link_hashes" CHECK (octet_length("state_hash") = 32 AND octet_length("browser_hash") = 32),
  ADD CONSTRAINT "auth_link_life" CHECK ("expires_at" > "created_at"),
  ADD CONSTRAINT "auth_link_context" CHECK (octet_length("context") <= 1024),
  -- A code is held only between claiming the link and exchanging the code.
  ADD CONSTRAINT "auth_link_code" CHECK ("sealed_code" IS NULL OR "status" = 'CLAIMED');
ALTER TABLE "consent"
  ADD CONSTRAINT "consent_times" CHECK ("ends_at" > "consented_at" AND "window_ends_at" >= "consented_at"),
  ADD CONSTRAINT "consent_end" CHECK (("ended_at" IS NULL) = ("status" IN ('ACTIVE', 'EXPIRING'))),
  ADD CONSTRAINT "consent_due" CHECK ("due_at" IS NULL OR "ended_at" IS NULL);
ALTER TABLE "consent_credential"
  ADD CONSTRAINT "consent_credential_lease" CHECK (("lease_owner" IS NULL) = ("lease_ends_at" IS NULL)),
  ADD CONSTRAINT "consent_credential_generation" CHECK ("generation" > 0);
ALTER TABLE "account" ADD CONSTRAINT "account_currency" CHECK ("currency" ~ '^[A-Z]{3}$');
ALTER TABLE "balance" ADD CONSTRAINT "balance_currency" CHECK ("currency" ~ '^[A-Z]{3}$');
ALTER TABLE "transaction"
  ADD CONSTRAINT "transaction_currency" CHECK ("currency" ~ '^[A-Z]{3}$'),
  ADD CONSTRAINT "transaction_original" CHECK (("original_amount" IS NULL) = ("original_currency" IS NULL)),
  ADD CONSTRAINT "transaction_amount" CHECK ("amount" <> 'NaN'),
  ADD CONSTRAINT "transaction_version_number" CHECK ("version" > 0);
ALTER TABLE "history_span"
  ADD CONSTRAINT "history_span_days" CHECK ("from_on" <= "until_on"),
  ADD CONSTRAINT "history_span_end" CHECK (("ended_at" IS NULL) = ("status" = 'PLANNED'));

-- Two roles without a login. The house reads and writes as consentry_app, which owns nothing and
-- sees one viewer at a time. consentry_scout finds whose row a secret or a due instant names, and
-- may read nothing else. Roles belong to the whole cluster, so another database may have made them.
DO $$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['consentry_app', 'consentry_scout'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN NOBYPASSRLS', role_name);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;
      END;
    END IF;
    -- From 16 on, who makes a role may give it away but not take it on: that is asked for as well.
    IF NOT pg_has_role(current_user, role_name,
      CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END)
    THEN
      EXECUTE format('GRANT %I TO CURRENT_USER', role_name);
    END IF;
  END LOOP;
END $$;

GRANT USAGE ON SCHEMA public TO consentry_app, consentry_scout;
GRANT SELECT, INSERT, UPDATE, DELETE ON
  "viewer", "provider", "auth_link", "consent", "consent_credential", "alert", "account", "balance",
  "transaction", "transaction_version", "history_span", "change_counter", "change"
  TO consentry_app;
GRANT SELECT ("id", "viewer_id", "state_hash") ON "auth_link" TO consentry_scout;
GRANT SELECT ("id", "viewer_id", "due_at") ON "consent" TO consentry_scout;

-- The second wall: even a query that forgets its viewer sees only the rows of the viewer that the
-- transaction was opened for, and none where it was opened for nobody. FORCE holds owners to it.
DO $$
DECLARE
  table_name text;
BEGIN
  FOREACH table_name IN ARRAY ARRAY[
    'auth_link', 'consent', 'consent_credential', 'alert', 'account', 'balance', 'transaction',
    'transaction_version', 'history_span', 'change_counter', 'change'
  ] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format(
      'CREATE POLICY viewer_only ON %I USING (viewer_id = nullif(current_setting(''app.viewer'', true), '''')::uuid)',
      table_name);
  END LOOP;
END $$;
ALTER TABLE "viewer" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "viewer" FORCE ROW LEVEL SECURITY;
CREATE POLICY viewer_only ON "viewer"
  USING ("id" = nullif(current_setting('app.viewer', true), '')::uuid);

CREATE POLICY scout_finds ON "auth_link" FOR SELECT TO consentry_scout USING (true);
CREATE POLICY scout_finds ON "consent" FOR SELECT TO consentry_scout USING (true);

-- Readiness asks whether the migrations that this build knows are there. The table is Prisma's own
-- and missing where migrations are replayed only to compare them.
DO $$
BEGIN
  IF to_regclass('"_prisma_migrations"') IS NOT NULL THEN
    GRANT SELECT ON "_prisma_migrations" TO consentry_app;
  END IF;
END $$;

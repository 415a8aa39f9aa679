-- What a bank collects and pays regularly from an account. Neither has an id that stays, so they are known
-- again by what they say; what a bank no longer lists has ended, and is kept.
CREATE TABLE "direct_debit" (
    "id" UUID NOT NULL,
    "viewer_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "origin_account_id" UUID,
    "name" TEXT,
    "mandate_id" TEXT,
    "status" TEXT NOT NULL,
    "currency" CHAR(3),
    "previous_payment_on" DATE,
    "previous_payment_amount" DECIMAL,
    "direct_debit_id" TEXT NOT NULL,
    "provider_direct_debit_id" TEXT,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "direct_debit_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "direct_debit_account_id_idx" ON "direct_debit"("account_id");
CREATE INDEX "direct_debit_viewer_id_idx" ON "direct_debit"("viewer_id");
ALTER TABLE "direct_debit" ADD CONSTRAINT "direct_debit_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TABLE "standing_order" (
    "id" UUID NOT NULL,
    "viewer_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "origin_account_id" UUID,
    "payee" TEXT,
    "reference" TEXT,
    "status" TEXT NOT NULL,
    "frequency" TEXT,
    "currency" CHAR(3),
    "first_payment_on" DATE,
    "first_payment_amount" DECIMAL,
    "previous_payment_on" DATE,
    "previous_payment_amount" DECIMAL,
    "next_payment_on" DATE,
    "next_payment_amount" DECIMAL,
    "final_payment_on" DATE,
    "final_payment_amount" DECIMAL,
    "provider_standing_order_id" TEXT,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "standing_order_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "standing_order_account_id_idx" ON "standing_order"("account_id");
CREATE INDEX "standing_order_viewer_id_idx" ON "standing_order"("viewer_id");
ALTER TABLE "standing_order" ADD CONSTRAINT "standing_order_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- When the bank last gave the whole list, so that none is told from not read, and an older answer that
-- comes late changes nothing.
ALTER TABLE "account"
  ADD COLUMN "direct_debits_read_at" TIMESTAMPTZ(3),
  ADD COLUMN "standing_orders_read_at" TIMESTAMPTZ(3);

-- The balances of the past: the last of each day on which it was another than before. A day has one row
-- however often the bank is read, which bounds what an account can come to.
CREATE TABLE "balance_day" (
    "account_id" UUID NOT NULL,
    "day" DATE NOT NULL,
    "viewer_id" UUID NOT NULL,
    "origin_account_id" UUID,
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

    CONSTRAINT "balance_day_pkey" PRIMARY KEY ("account_id", "day")
);
CREATE INDEX "balance_day_viewer_id_idx" ON "balance_day"("viewer_id");
ALTER TABLE "balance_day" ADD CONSTRAINT "balance_day_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Who holds what a consent opens, and how to reach them, in the bank's words.
CREATE TABLE "holder" (
    "consent_id" UUID NOT NULL,
    "place" INTEGER NOT NULL,
    "viewer_id" UUID NOT NULL,
    "full_name" TEXT,
    "emails" TEXT[],
    "phones" TEXT[],
    "addresses" JSONB NOT NULL DEFAULT '[]',
    "date_of_birth" DATE,

    CONSTRAINT "holder_pkey" PRIMARY KEY ("consent_id", "place")
);
CREATE INDEX "holder_viewer_id_idx" ON "holder"("viewer_id");
ALTER TABLE "holder" ADD CONSTRAINT "holder_consent_id_fkey" FOREIGN KEY ("consent_id") REFERENCES "consent"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "consent" ADD COLUMN "holders_read_at" TIMESTAMPTZ(3);

-- What a bank does not have, or gives only right after a consent, so that each account and each user need
-- not find it out anew.
CREATE TABLE "provider_endpoint" (
    "environment" TEXT NOT NULL,
    "provider_id" TEXT NOT NULL,
    "endpoint" TEXT NOT NULL,
    "refusal" TEXT,
    "refused_at" TIMESTAMPTZ(3),
    "answered_at" TIMESTAMPTZ(3),
    "answered_late_at" TIMESTAMPTZ(3),

    CONSTRAINT "provider_endpoint_pkey" PRIMARY KEY ("environment", "provider_id", "endpoint")
);


-- What Prisma's schema cannot say, from here on.

ALTER TABLE "provider_endpoint"
  ADD CONSTRAINT "provider_endpoint_refusal" CHECK (
    "refusal" IN ('NOT_SUPPORTED', 'WINDOW_ONLY') AND "refused_at" IS NOT NULL
    OR "refusal" IS NULL AND "refused_at" IS NULL);
ALTER TABLE "balance_day"
  ADD CONSTRAINT "balance_day_currency" CHECK ("currency" ~ '^[A-Z]{3}$');
ALTER TABLE "direct_debit"
  ADD CONSTRAINT "direct_debit_currency" CHECK ("currency" ~ '^[A-Z]{3}$');
ALTER TABLE "standing_order"
  ADD CONSTRAINT "standing_order_currency" CHECK ("currency" ~ '^[A-Z]{3}$');
ALTER TABLE "holder" ADD CONSTRAINT "holder_place" CHECK ("place" >= 0);
GRANT SELECT, INSERT, UPDATE ON "provider_endpoint" TO consentry_app;

GRANT SELECT, INSERT, UPDATE, DELETE
  ON "direct_debit", "standing_order", "balance_day", "holder" TO consentry_app;
DO $$
DECLARE
  table_name text;
BEGIN
  FOREACH table_name IN ARRAY ARRAY['direct_debit', 'standing_order', 'balance_day', 'holder'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format(
      'CREATE POLICY viewer_only ON %I USING (viewer_id = (SELECT living_viewer()))', table_name);
  END LOOP;
END $$;

-- Each history begins with the balance that is there. Rows of all viewers are read and written, for which
-- an owner that is no superuser must step over its own wall.
ALTER TABLE "balance" NO FORCE ROW LEVEL SECURITY;
ALTER TABLE "balance_day" NO FORCE ROW LEVEL SECURITY;
INSERT INTO "balance_day" ("account_id", "day", "viewer_id", "currency", "current", "available",
    "overdraft", "credit_limit", "last_statement_balance", "last_statement_on", "payment_due",
    "payment_due_on", "as_of", "fetched_at")
  SELECT "account_id", ("fetched_at" AT TIME ZONE 'UTC')::date, "viewer_id", "currency", "current",
    "available", "overdraft", "credit_limit", "last_statement_balance", "last_statement_on",
    "payment_due", "payment_due_on", "as_of", "fetched_at" FROM "balance";
ALTER TABLE "balance" FORCE ROW LEVEL SECURITY;
ALTER TABLE "balance_day" FORCE ROW LEVEL SECURITY;

-- Whoever agreed under an earlier version agreed to their name alone: their banks are not asked for more
-- before they have confirmed under the words of this one.
ALTER TABLE "consent" NO FORCE ROW LEVEL SECURITY;
UPDATE "consent" SET "holders_read_at" = "consented_at";
ALTER TABLE "consent" FORCE ROW LEVEL SECURITY;

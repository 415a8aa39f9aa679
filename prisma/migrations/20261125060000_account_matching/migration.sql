-- An account stays the same through a renewal, whatever the provider calls it then. So the provider's
-- id is no longer what tells one account from another: it is one of the names that an account has had.
CREATE TYPE "account_status" AS ENUM ('SHARED', 'UNSHARED');

ALTER TABLE "account"
  ADD COLUMN "status" "account_status" NOT NULL DEFAULT 'SHARED',
  ADD COLUMN "unshared_at" TIMESTAMPTZ(3),
  ADD COLUMN "excluded" BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN "bank_name" TEXT,
  ADD COLUMN "own_name" TEXT,
  ADD COLUMN "name_on_card" TEXT,
  ADD COLUMN "merged_into_id" UUID,
  ADD COLUMN "merged_at" TIMESTAMPTZ(3),
  ADD COLUMN "merge_memory" JSONB;

CREATE TABLE "account_alias" (
    "viewer_id" UUID NOT NULL,
    "environment" TEXT NOT NULL,
    "provider_id" TEXT NOT NULL,
    "kind" "account_kind" NOT NULL,
    "provider_account_id" TEXT NOT NULL,
    "account_id" UUID NOT NULL,
    "consent_id" UUID NOT NULL,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "account_alias_pkey" PRIMARY KEY ("viewer_id", "environment", "provider_id", "kind", "provider_account_id")
);
CREATE INDEX "account_alias_account_id_idx" ON "account_alias"("account_id");

CREATE TABLE "account_proposal" (
    "id" UUID NOT NULL,
    "viewer_id" UUID NOT NULL,
    "newer_id" UUID NOT NULL,
    "older_id" UUID NOT NULL,
    "reason" TEXT NOT NULL,
    "proposed_at" TIMESTAMPTZ(3) NOT NULL,
    "decided_at" TIMESTAMPTZ(3),
    "decision" TEXT,

    CONSTRAINT "account_proposal_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "account_proposal_newer_id_older_id_key" ON "account_proposal"("newer_id", "older_id");
CREATE INDEX "account_proposal_older_id_idx" ON "account_proposal"("older_id");
CREATE INDEX "account_proposal_viewer_id_proposed_at_id_idx" ON "account_proposal"("viewer_id", "proposed_at", "id");

-- Merging accounts moves rows, or hides those that both have; where each came from is kept with it, so
-- that splitting undoes it. No foreign keys: the rows go with their account, and an origin or a twin that
-- is gone is harmless, while looking for them would make every erasure read all transactions.
ALTER TABLE "transaction"
  ADD COLUMN "origin_account_id" UUID,
  ADD COLUMN "collapsed_into_id" UUID,
  ADD COLUMN "lent" TEXT[];

-- The period of the consent in which the days were planned: an answer to an earlier one is not kept.
ALTER TABLE "history_span" ADD COLUMN "period" INTEGER NOT NULL DEFAULT 1;

ALTER TABLE "account" ADD CONSTRAINT "account_merged_into_id_fkey" FOREIGN KEY ("merged_into_id") REFERENCES "account"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "account_alias" ADD CONSTRAINT "account_alias_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "account_proposal" ADD CONSTRAINT "account_proposal_newer_id_fkey" FOREIGN KEY ("newer_id") REFERENCES "account"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "account_proposal" ADD CONSTRAINT "account_proposal_older_id_fkey" FOREIGN KEY ("older_id") REFERENCES "account"("id") ON DELETE CASCADE ON UPDATE CASCADE;
CREATE INDEX "account_merged_into_id_idx" ON "account"("merged_into_id");


-- What Prisma's schema cannot say, from here on.

-- Accounts of earlier versions: their names, and what they are called at the bank. An owner that is no
-- superuser sees no row while the wall is forced upon it.
ALTER TABLE "account" NO FORCE ROW LEVEL SECURITY;
UPDATE "account" SET "bank_name" = "display_name",
  "name_on_card" = CASE WHEN "kind" = 'CARD' THEN "holder_name" END;
INSERT INTO "account_alias" ("viewer_id", "environment", "provider_id", "kind", "provider_account_id",
    "account_id", "consent_id", "first_seen_at", "seen_at")
  SELECT "viewer_id", "environment", "provider_id", "kind", "provider_account_id", "id", "consent_id",
    "first_seen_at", "seen_at" FROM "account";
ALTER TABLE "account" FORCE ROW LEVEL SECURITY;

DROP INDEX "account_viewer_id_environment_provider_id_kind_provider_acc_key";
CREATE INDEX "account_viewer_id_environment_provider_id_idx" ON "account"("viewer_id", "environment", "provider_id");

ALTER TABLE "account"
  ADD CONSTRAINT "account_unshared" CHECK (("status" = 'UNSHARED') = ("unshared_at" IS NOT NULL)),
  ADD CONSTRAINT "account_merged" CHECK (("merged_into_id" IS NULL) = ("merged_at" IS NULL)
    AND ("merged_into_id" IS NULL) = ("merge_memory" IS NULL)),
  ADD CONSTRAINT "account_merged_into_another" CHECK ("merged_into_id" <> "id");
ALTER TABLE "account_proposal"
  ADD CONSTRAINT "account_proposal_of_two" CHECK ("newer_id" <> "older_id"),
  ADD CONSTRAINT "account_proposal_decision" CHECK ("decision" IN ('MERGED', 'KEPT_APART')
    AND "decided_at" IS NOT NULL OR "decision" IS NULL AND "decided_at" IS NULL);
ALTER TABLE "history_span" ADD CONSTRAINT "history_span_period" CHECK ("period" >= 1);

GRANT SELECT, INSERT, UPDATE, DELETE ON "account_alias", "account_proposal" TO consentry_app;
ALTER TABLE "account_alias" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "account_alias" FORCE ROW LEVEL SECURITY;
CREATE POLICY viewer_only ON "account_alias"
  USING ("viewer_id" = nullif(current_setting('app.viewer', true), '')::uuid);
ALTER TABLE "account_proposal" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "account_proposal" FORCE ROW LEVEL SECURITY;
CREATE POLICY viewer_only ON "account_proposal"
  USING ("viewer_id" = nullif(current_setting('app.viewer', true), '')::uuid);

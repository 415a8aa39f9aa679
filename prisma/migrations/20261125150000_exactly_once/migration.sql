-- What a bank shows no more is kept: since when one complete read lacked it, and since when it counts as
-- removed. A pending row that vanished waits so for the booked one that it may come back as.
ALTER TABLE "transaction"
  ADD COLUMN "missed_at" TIMESTAMPTZ(3),
  ADD COLUMN "removed_at" TIMESTAMPTZ(3);

-- What of a bank's answers could not be understood: where, and what was wrong with which field. Of the
-- record itself nothing is kept, for it may hold anything, account numbers too; the bank still has it.
CREATE TABLE "refused_record" (
    "id" UUID NOT NULL,
    "viewer_id" UUID NOT NULL,
    "consent_id" UUID NOT NULL,
    "account_id" UUID,
    "environment" TEXT NOT NULL,
    "provider_id" TEXT NOT NULL,
    "endpoint" TEXT NOT NULL,
    "field" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "times" INTEGER NOT NULL DEFAULT 1,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "refused_record_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "refused_record_consent_id_endpoint_idx" ON "refused_record"("consent_id", "endpoint");
CREATE INDEX "refused_record_account_id_idx" ON "refused_record"("account_id");
CREATE INDEX "refused_record_viewer_id_idx" ON "refused_record"("viewer_id");
CREATE INDEX "refused_record_last_seen_at_idx" ON "refused_record"("last_seen_at");
ALTER TABLE "refused_record" ADD CONSTRAINT "refused_record_consent_id_fkey" FOREIGN KEY ("consent_id") REFERENCES "consent"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "refused_record" ADD CONSTRAINT "refused_record_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Rows that make no sense may make some in the next answer: a few times the days are asked for anew.
ALTER TABLE "history_span" ADD COLUMN "asked_again" INTEGER NOT NULL DEFAULT 0;


-- What Prisma's schema cannot say, from here on.

-- Every read of an account asks for the few rows that are pending or wait; it must not pass over years.
CREATE INDEX "transaction_pending_idx" ON "transaction" ("account_id") WHERE "status" = 'PENDING';
ALTER TABLE "refused_record"
  ADD CONSTRAINT "refused_record_times" CHECK ("times" >= 1 AND "last_seen_at" >= "first_seen_at");

GRANT SELECT, INSERT, UPDATE, DELETE ON "refused_record" TO consentry_app;
ALTER TABLE "refused_record" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "refused_record" FORCE ROW LEVEL SECURITY;
CREATE POLICY viewer_only ON "refused_record" USING (viewer_id = (SELECT living_viewer()));

-- What operators see is counted over all viewers and names none of them; what is old is found to be deleted.
CREATE POLICY scout_finds ON "refused_record" FOR SELECT TO consentry_scout USING (true);
GRANT SELECT ("id", "viewer_id", "environment", "provider_id", "endpoint", "field", "reason", "times",
  "first_seen_at", "last_seen_at") ON "refused_record" TO consentry_scout;

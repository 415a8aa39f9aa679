-- What banks' refusals taught of how far they serve, for everybody who connects them later. It is of
-- the bank alone: no row says whose call was refused.
CREATE TABLE "learnt_limit" (
    "environment" TEXT NOT NULL,
    "provider_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "days" INTEGER NOT NULL,
    "days_seen" INTEGER NOT NULL DEFAULT 1,
    "learnt_at" TIMESTAMPTZ(3) NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "learnt_limit_pkey" PRIMARY KEY ("environment", "provider_id", "kind")
);
ALTER TABLE "learnt_limit" ADD CONSTRAINT "learnt_limit_environment_provider_id_fkey"
  FOREIGN KEY ("environment", "provider_id") REFERENCES "provider"("environment", "provider_id")
  ON DELETE CASCADE ON UPDATE CASCADE;

-- Which call the bank refused of a span's days, and how often: so that less is asked next, and not
-- without end.
ALTER TABLE "history_span"
  ADD COLUMN "refused_as" TEXT,
  ADD COLUMN "refused_days" INTEGER,
  ADD COLUMN "refusals" INTEGER NOT NULL DEFAULT 0;


-- What Prisma's schema cannot say, from here on.

ALTER TABLE "learnt_limit"
  ADD CONSTRAINT "learnt_limit_kind" CHECK ("kind" IN ('REACH', 'LATER', 'LONGEST')),
  ADD CONSTRAINT "learnt_limit_days" CHECK ("days" >= 1 AND "days_seen" >= 1 AND "seen_at" >= "learnt_at");
GRANT SELECT, INSERT, UPDATE, DELETE ON "learnt_limit" TO consentry_app;
ALTER TABLE "history_span"
  ADD CONSTRAINT "history_span_refused" CHECK (
    "refusals" >= 0 AND ("refused_as" IS NULL) = ("refused_days" IS NULL));

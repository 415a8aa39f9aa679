-- A connection at the bank is ended for one of three reasons: its user took the consent back, a renewal
-- has put another in its place, or its user was erased. The last leaves no consent behind, and no viewer
-- that anybody could be: such a revocation belongs to an id that nobody has. So a revocation stands by
-- itself, with all that the bank has to be told.
ALTER TABLE "revocation" DROP CONSTRAINT "revocation_pkey";
ALTER TABLE "revocation"
  ADD COLUMN "id" UUID,
  ADD COLUMN "cause" TEXT NOT NULL DEFAULT 'TAKEN_BACK',
  ADD COLUMN "environment" TEXT,
  ADD COLUMN "client_id" TEXT,
  ADD COLUMN "ends_at" TIMESTAMPTZ(3),
  ALTER COLUMN "consent_id" DROP NOT NULL;
-- The old ones keep their id, for what is sealed in them is bound to it.
-- The owner, where it is no superuser, sees the rows of all viewers only for as long as that.
ALTER TABLE "consent" NO FORCE ROW LEVEL SECURITY;
ALTER TABLE "revocation" NO FORCE ROW LEVEL SECURITY;
UPDATE "revocation" r SET "id" = r."consent_id", "environment" = c."environment",
  "client_id" = c."client_id", "ends_at" = c."ends_at"
  FROM "consent" c WHERE c."id" = r."consent_id";
ALTER TABLE "consent" FORCE ROW LEVEL SECURITY;
ALTER TABLE "revocation" FORCE ROW LEVEL SECURITY;
ALTER TABLE "revocation"
  ALTER COLUMN "cause" DROP DEFAULT,
  ALTER COLUMN "environment" SET NOT NULL,
  ALTER COLUMN "client_id" SET NOT NULL,
  ALTER COLUMN "ends_at" SET NOT NULL,
  ADD CONSTRAINT "revocation_pkey" PRIMARY KEY ("id");
CREATE INDEX "revocation_consent_id_idx" ON "revocation"("consent_id");


-- What Prisma's schema cannot say, from here on.

ALTER TABLE "revocation"
  ADD CONSTRAINT "revocation_cause" CHECK ("cause" IN ('TAKEN_BACK', 'REPLACED', 'ERASED')),
  ADD CONSTRAINT "revocation_consent" CHECK (("consent_id" IS NULL) = ("cause" = 'ERASED'));
-- A consent is taken back once.
CREATE UNIQUE INDEX "revocation_taken_back" ON "revocation" ("consent_id") WHERE "cause" = 'TAKEN_BACK';
GRANT SELECT ("id", "environment") ON "revocation" TO consentry_scout;

-- A renewed consent stays the consent that it was: the same id, accounts and history, under new tokens
-- and a new end. Its period tells one confirmation by the user from the next, so that what belongs
-- to one of them, such as an alert before its end, is known apart.
ALTER TABLE "consent" ADD COLUMN "period" INTEGER NOT NULL DEFAULT 1;

-- The life of a consent: every move from one status to another, and every renewal, as it happened.
CREATE TABLE "consent_move" (
    "id" UUID NOT NULL,
    "viewer_id" UUID NOT NULL,
    "consent_id" UUID NOT NULL,
    "from_status" "consent_status",
    "to_status" "consent_status" NOT NULL,
    "reason" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "period" INTEGER NOT NULL,
    "correlation_id" TEXT,
    "moved_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "consent_move_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "consent_move_consent_id_moved_at_id_idx" ON "consent_move"("consent_id", "moved_at", "id");
ALTER TABLE "consent_move" ADD CONSTRAINT "consent_move_consent_id_fkey" FOREIGN KEY ("consent_id") REFERENCES "consent"("id") ON DELETE CASCADE ON UPDATE CASCADE;


-- What Prisma's schema cannot say, from here on.

ALTER TABLE "consent" ADD CONSTRAINT "consent_period" CHECK ("period" >= 1);
ALTER TABLE "consent_move"
  ADD CONSTRAINT "consent_move_actor" CHECK ("actor" IN ('USER', 'BANK', 'SERVER', 'OPERATOR'));

-- What has happened is never rewritten.
GRANT SELECT, INSERT, DELETE ON "consent_move" TO consentry_app;
ALTER TABLE "consent_move" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "consent_move" FORCE ROW LEVEL SECURITY;
CREATE POLICY viewer_only ON "consent_move"
  USING (viewer_id = nullif(current_setting('app.viewer', true), '')::uuid);

-- Consents of earlier versions begin their timeline with the day on which they were given.
-- The owner, where it is no superuser, sees the rows of all viewers only for as long as that.
ALTER TABLE "consent" NO FORCE ROW LEVEL SECURITY;
ALTER TABLE "consent_move" NO FORCE ROW LEVEL SECURITY;
INSERT INTO "consent_move" ("id", "viewer_id", "consent_id", "to_status", "reason", "actor", "period", "moved_at")
  SELECT gen_random_uuid(), "viewer_id", "id", 'ACTIVE', 'GIVEN', 'USER', 1, "created_at" FROM "consent";
ALTER TABLE "consent" FORCE ROW LEVEL SECURITY;
ALTER TABLE "consent_move" FORCE ROW LEVEL SECURITY;

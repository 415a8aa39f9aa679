-- The end of a consent is announced step by step, in each period of it anew, at an hour at which people
-- may be spoken to where the viewer lives.
ALTER TABLE "alert"
  ADD COLUMN "period" INTEGER NOT NULL DEFAULT 1,
  ADD COLUMN "closed_at" TIMESTAMPTZ(3),
  -- That the consent ended with this, its last word, acknowledged by nobody: the operator hears of it.
  ADD COLUMN "unheard_at" TIMESTAMPTZ(3);
DROP INDEX "alert_consent_id_kind_days_before_key";
-- Two processes that raise the same step raise it once.
CREATE UNIQUE INDEX "alert_consent_id_period_kind_days_before_key" ON "alert" ("consent_id", "period", "kind", "days_before");

ALTER TABLE "viewer" ADD COLUMN "time_zone" TEXT, ADD COLUMN "time_zone_source" TEXT;


-- What Prisma's schema cannot say, from here on.

ALTER TABLE "alert"
  ADD CONSTRAINT "alert_step" CHECK ("period" >= 1 AND "days_before" >= 0),
  ADD CONSTRAINT "alert_unheard" CHECK ("unheard_at" IS NULL OR "acknowledged_at" IS NULL);
ALTER TABLE "viewer"
  ADD CONSTRAINT "viewer_time_zone" CHECK (("time_zone" IS NULL) = ("time_zone_source" IS NULL)),
  ADD CONSTRAINT "viewer_time_zone_source" CHECK ("time_zone_source" IN ('TOKEN', 'VIEWER'));

-- The operator asks across viewers whose last alert nobody heard.
CREATE INDEX "alert_unheard_idx" ON "alert" ("unheard_at") WHERE "unheard_at" IS NOT NULL;
CREATE POLICY scout_finds ON "alert" FOR SELECT TO consentry_scout USING (true);
GRANT SELECT ("id", "viewer_id", "consent_id", "unheard_at") ON "alert" TO consentry_scout;

-- A consent that the bank refuses ends for good with its period, so something is due for it too.
ALTER TABLE "consent" DROP CONSTRAINT "consent_due", ADD CONSTRAINT "consent_due"
  CHECK ("due_at" IS NULL OR "ended_at" IS NULL OR "status" = 'REAUTH_REQUIRED');

-- The wall holds owners too, so it is lowered while the rows of all viewers are brought up to date.
ALTER TABLE "consent" NO FORCE ROW LEVEL SECURITY;
ALTER TABLE "alert" NO FORCE ROW LEVEL SECURITY;
UPDATE "consent" SET "due_at" = "ends_at" WHERE "status" = 'REAUTH_REQUIRED';
-- What earlier versions planned knows of no alert before the seventh day: the sweep looks at each in time.
UPDATE "consent" SET "due_at" = least("due_at", "ends_at" - interval '15 days')
  WHERE "due_at" IS NOT NULL AND "ended_at" IS NULL;
UPDATE "alert" SET "closed_at" = "consent"."ended_at" FROM "consent"
  WHERE "consent"."id" = "alert"."consent_id" AND "consent"."status" IN ('EXPIRED', 'REVOKED');
ALTER TABLE "consent" FORCE ROW LEVEL SECURITY;
ALTER TABLE "alert" FORCE ROW LEVEL SECURITY;

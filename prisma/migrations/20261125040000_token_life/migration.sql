-- What the operator has to mend, told once however often it is met, until it is mended.
CREATE TABLE "operator_alarm" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "environment" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "times" INTEGER NOT NULL DEFAULT 1,
    "raised_at" TIMESTAMPTZ(3) NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,
    "accepted_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "operator_alarm_pkey" PRIMARY KEY ("id")
);

-- Processes that meet the same fault together raise one alarm.
CREATE UNIQUE INDEX "operator_alarm_open" ON "operator_alarm" ("kind", "environment", "subject")
  WHERE "ended_at" IS NULL;
CREATE INDEX "operator_alarm_raised_at_idx" ON "operator_alarm" ("raised_at" DESC);
GRANT SELECT, INSERT, UPDATE ON "operator_alarm" TO consentry_app;

-- Whose refresh token the bank refused lately. Many at several banks together say more of us than of
-- them: then none of them is believed.
CREATE TABLE "grant_refusal" (
    "consent_id" UUID NOT NULL,
    "viewer_id" UUID NOT NULL,
    "environment" TEXT NOT NULL,
    "provider_id" TEXT,
    "refused_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "grant_refusal_pkey" PRIMARY KEY ("consent_id"),
    CONSTRAINT "grant_refusal_consent_id_fkey" FOREIGN KEY ("consent_id") REFERENCES "consent" ("id")
      ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "grant_refusal_environment_refused_at_idx" ON "grant_refusal" ("environment", "refused_at");

ALTER TABLE "grant_refusal" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "grant_refusal" FORCE ROW LEVEL SECURITY;
CREATE POLICY viewer_only ON "grant_refusal"
  USING ("viewer_id" = nullif(current_setting('app.viewer', true), '')::uuid);
CREATE POLICY scout_finds ON "grant_refusal" FOR SELECT TO consentry_scout USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON "grant_refusal" TO consentry_app;
GRANT SELECT ("consent_id", "viewer_id", "environment", "provider_id", "refused_at")
  ON "grant_refusal" TO consentry_scout;

-- How many refreshes succeeded lately, and which tokens lie idle too long, is asked across viewers.
CREATE INDEX "consent_credential_access_issued_at_idx" ON "consent_credential" ("access_issued_at");
CREATE INDEX "consent_credential_refresh_ends_at_idx" ON "consent_credential" ("refresh_ends_at");
CREATE POLICY scout_finds ON "consent_credential" FOR SELECT TO consentry_scout USING (true);
GRANT SELECT ("consent_id", "viewer_id", "generation", "access_issued_at", "refresh_ends_at")
  ON "consent_credential" TO consentry_scout;

-- A consent that its user took back. Telling the bank so needs a live bearer, and the bank may be away
-- for hours: the tokens wait here, where nothing but that job opens them, and no longer with the
-- consent, where whoever reads the bank finds them.
CREATE TABLE "revocation" (
    "consent_id" UUID NOT NULL,
    "viewer_id" UUID NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    "sealed_access" TEXT,
    "access_expires_at" TIMESTAMPTZ(3),
    "sealed_refresh" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "due_at" TIMESTAMPTZ(3),
    "confirmed_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "revocation_pkey" PRIMARY KEY ("consent_id")
);

-- AddForeignKey
ALTER TABLE "revocation" ADD CONSTRAINT "revocation_consent_id_fkey" FOREIGN KEY ("consent_id") REFERENCES "consent"("id") ON DELETE CASCADE ON UPDATE CASCADE;


-- What Prisma's schema cannot say, from here on.

-- The sweep reads this index and nothing else: its cost follows what is due.
CREATE INDEX "revocation_due_idx" ON "revocation" ("due_at") WHERE "due_at" IS NOT NULL;

ALTER TABLE "revocation"
  -- Something is due exactly until it has ended, and no token outlives that.
  ADD CONSTRAINT "revocation_end" CHECK (("due_at" IS NULL) = ("ended_at" IS NOT NULL)),
  ADD CONSTRAINT "revocation_tokens" CHECK ("ended_at" IS NULL OR
    ("sealed_access" IS NULL AND "access_expires_at" IS NULL AND "sealed_refresh" IS NULL)),
  ADD CONSTRAINT "revocation_confirmed" CHECK ("confirmed_at" IS NULL OR "ended_at" IS NOT NULL),
  ADD CONSTRAINT "revocation_access" CHECK (("sealed_access" IS NULL) = ("access_expires_at" IS NULL)),
  ADD CONSTRAINT "revocation_attempts" CHECK ("attempts" >= 0);

GRANT SELECT, INSERT, UPDATE, DELETE ON "revocation" TO consentry_app;
GRANT SELECT ("consent_id", "viewer_id", "due_at") ON "revocation" TO consentry_scout;

ALTER TABLE "revocation" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "revocation" FORCE ROW LEVEL SECURITY;
CREATE POLICY viewer_only ON "revocation"
  USING (viewer_id = nullif(current_setting('app.viewer', true), '')::uuid);
CREATE POLICY scout_finds ON "revocation" FOR SELECT TO consentry_scout USING (true);

-- A link can renew a consent instead of making one: it then names that consent, which goes on as the
-- row that it is once the link is completed. The way says whose dialog it leads to: that of an auth
-- link, or the one that extending the connection answered with. The text is what the user agreed to
-- before they went. All is empty for links that were made before.
ALTER TABLE "auth_link"
  ADD COLUMN "renews_consent_id" UUID,
  ADD COLUMN "way" TEXT NOT NULL DEFAULT 'AUTH_LINK',
  ADD COLUMN "text_version" TEXT;
-- A consent that goes takes its links along, and finds them by this.
CREATE INDEX "auth_link_renews_consent_id_idx" ON "auth_link"("renews_consent_id");
ALTER TABLE "auth_link" ADD CONSTRAINT "auth_link_renews_consent_id_fkey" FOREIGN KEY ("renews_consent_id") REFERENCES "consent"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What a user agreed to, when, and how: one receipt for each period of a consent.
CREATE TABLE "consent_receipt" (
    "id" UUID NOT NULL,
    "viewer_id" UUID NOT NULL,
    "consent_id" UUID NOT NULL,
    "period" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "way" TEXT NOT NULL,
    "text_version" TEXT,
    "scopes" TEXT[],
    "correlation_id" TEXT,
    "received_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "consent_receipt_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "consent_receipt_consent_id_period_key" ON "consent_receipt"("consent_id", "period");
ALTER TABLE "consent_receipt" ADD CONSTRAINT "consent_receipt_consent_id_fkey" FOREIGN KEY ("consent_id") REFERENCES "consent"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Which connection a renewal has put another in the place of, where both are known for certain; where
-- they are not, the bank is asked before one of them is ended.
ALTER TABLE "revocation" ADD COLUMN "credentials_id" TEXT;


-- What Prisma's schema cannot say, from here on.

ALTER TABLE "auth_link"
  ADD CONSTRAINT "auth_link_way" CHECK ("way" = 'AUTH_LINK' OR ("way" = 'EXTEND_LINK' AND "renews_consent_id" IS NOT NULL)),
  ADD CONSTRAINT "auth_link_text_version" CHECK (length("text_version") BETWEEN 1 AND 100);
ALTER TABLE "consent_receipt"
  ADD CONSTRAINT "consent_receipt_kind" CHECK ("kind" IN ('CONSENT', 'RECONFIRMATION')),
  ADD CONSTRAINT "consent_receipt_way" CHECK ("way" IN ('AUTH_LINK', 'EXTEND', 'EXTEND_LINK')),
  ADD CONSTRAINT "consent_receipt_first" CHECK (("period" = 1) = ("kind" = 'CONSENT'));

-- A connection that was made by mistake, at another bank than that of the consent to renew, is ended
-- too.
ALTER TABLE "revocation"
  DROP CONSTRAINT "revocation_cause",
  ADD CONSTRAINT "revocation_cause" CHECK ("cause" IN ('TAKEN_BACK', 'REPLACED', 'REFUSED', 'ERASED'));

-- A receipt is evidence: it is never rewritten, and goes only with its consent.
GRANT SELECT, INSERT ON "consent_receipt" TO consentry_app;
ALTER TABLE "consent_receipt" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "consent_receipt" FORCE ROW LEVEL SECURITY;
CREATE POLICY viewer_only ON "consent_receipt"
  USING (viewer_id = nullif(current_setting('app.viewer', true), '')::uuid);

-- Consents of earlier versions have theirs from the day on which they were given. Which text was shown
-- for them was not kept. The owner, where it is no superuser, sees the rows of all viewers only for as
-- long as that.
ALTER TABLE "consent" NO FORCE ROW LEVEL SECURITY;
ALTER TABLE "consent_receipt" NO FORCE ROW LEVEL SECURITY;
INSERT INTO "consent_receipt" ("id", "viewer_id", "consent_id", "period", "kind", "way", "scopes", "received_at")
  SELECT gen_random_uuid(), "viewer_id", "id", 1, 'CONSENT', 'AUTH_LINK', "scopes", "consented_at" FROM "consent";
ALTER TABLE "consent" FORCE ROW LEVEL SECURITY;
ALTER TABLE "consent_receipt" FORCE ROW LEVEL SECURITY;

-- What a bank does not give though its consent lives, told of the account or the consent that it is
-- about, until the first answer that brings it again.
CREATE TABLE "trouble" (
    "id" UUID NOT NULL,
    "viewer_id" UUID NOT NULL,
    "account_id" UUID,
    "consent_id" UUID,
    "endpoint" TEXT NOT NULL,
    "meaning" TEXT NOT NULL,
    "code" TEXT,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "times" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "trouble_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "trouble_account_id_endpoint_key" ON "trouble"("account_id", "endpoint");
CREATE UNIQUE INDEX "trouble_consent_id_endpoint_key" ON "trouble"("consent_id", "endpoint");
CREATE INDEX "trouble_viewer_id_idx" ON "trouble"("viewer_id");
ALTER TABLE "trouble" ADD CONSTRAINT "trouble_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "trouble" ADD CONSTRAINT "trouble_consent_id_fkey" FOREIGN KEY ("consent_id") REFERENCES "consent"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- The place of a step in its timeline: clocks of several processes differ, and two steps may be of
-- one millisecond.
ALTER TABLE "consent_move" ADD COLUMN "step" INTEGER;
DROP INDEX "consent_move_consent_id_moved_at_id_idx";


-- What Prisma's schema cannot say, from here on.

ALTER TABLE "trouble"
  ADD CONSTRAINT "trouble_subject" CHECK (("account_id" IS NULL) <> ("consent_id" IS NULL)),
  ADD CONSTRAINT "trouble_times" CHECK ("times" >= 1 AND "last_seen_at" >= "since");
GRANT SELECT, INSERT, UPDATE, DELETE ON "trouble" TO consentry_app;
ALTER TABLE "trouble" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "trouble" FORCE ROW LEVEL SECURITY;
CREATE POLICY viewer_only ON "trouble"
  USING (viewer_id = nullif(current_setting('app.viewer', true), '')::uuid);

-- A consent that only the user can renew is still due once: at its end, when its tokens are destroyed.
ALTER TABLE "consent" DROP CONSTRAINT "consent_due";
ALTER TABLE "consent"
  ADD CONSTRAINT "consent_due" CHECK ("due_at" IS NULL OR "status" NOT IN ('EXPIRED', 'REVOKED'));

-- Rows of all viewers are mended, for which an owner that is no superuser must step over its own wall.
ALTER TABLE "consent" NO FORCE ROW LEVEL SECURITY;
ALTER TABLE "consent_move" NO FORCE ROW LEVEL SECURITY;

UPDATE "consent" SET "due_at" = "ends_at" WHERE "status" = 'REAUTH_REQUIRED';

-- Timelines of earlier versions: every one begins, and ends where its consent stands.
INSERT INTO "consent_move" ("id", "viewer_id", "consent_id", "to_status", "reason", "actor", "period", "moved_at")
  SELECT gen_random_uuid(), "viewer_id", "id", 'ACTIVE', 'GIVEN', 'USER', 1, "created_at"
  FROM "consent" c WHERE NOT EXISTS (SELECT FROM "consent_move" m WHERE m."consent_id" = c."id");
INSERT INTO "consent_move" ("id", "viewer_id", "consent_id", "from_status", "to_status", "reason", "actor", "period", "moved_at")
  SELECT gen_random_uuid(), c."viewer_id", c."id", last."to_status", c."status",
    coalesce(c."status_reason", 'UNKNOWN'),
    CASE c."status" WHEN 'REVOKED' THEN 'USER' WHEN 'REAUTH_REQUIRED' THEN 'BANK' ELSE 'SERVER' END,
    c."period", greatest(coalesce(c."ended_at", last."moved_at"), last."moved_at")
  FROM "consent" c CROSS JOIN LATERAL (
    SELECT "to_status", "moved_at" FROM "consent_move" m WHERE m."consent_id" = c."id"
    ORDER BY "moved_at" DESC, "id" DESC LIMIT 1
  ) last
  WHERE last."to_status" <> c."status";
UPDATE "consent_move" SET "step" = numbered."step" FROM (
  SELECT "id", row_number() OVER (
    PARTITION BY "consent_id" ORDER BY "moved_at", "from_status" IS NOT NULL, "id"
  ) AS "step" FROM "consent_move"
) numbered WHERE "consent_move"."id" = numbered."id";

ALTER TABLE "consent" FORCE ROW LEVEL SECURITY;
ALTER TABLE "consent_move" FORCE ROW LEVEL SECURITY;

ALTER TABLE "consent_move" ALTER COLUMN "step" SET NOT NULL;
CREATE UNIQUE INDEX "consent_move_consent_id_step_key" ON "consent_move"("consent_id", "step");

-- Which consents share an account now, and under which name: one row for each account that the newest
-- list of a consent holds. Who feeds an account is chosen by these rows alone. What was once read by a
-- consent says nothing of what its user shares today, and an account that one consent stops sharing, or
-- that is merged into another, is still in the lists of the others.
CREATE TABLE "account_feed" (
    "consent_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "viewer_id" UUID NOT NULL,
    "provider_account_id" TEXT NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "account_feed_pkey" PRIMARY KEY ("consent_id", "account_id")
);
CREATE INDEX "account_feed_account_id_idx" ON "account_feed"("account_id");
CREATE INDEX "account_feed_viewer_id_idx" ON "account_feed"("viewer_id");
ALTER TABLE "account_feed" ADD CONSTRAINT "account_feed_consent_id_fkey" FOREIGN KEY ("consent_id") REFERENCES "consent"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "account_feed" ADD CONSTRAINT "account_feed_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- A kept account that is read by the name of a merged one has the reading of that: its own waits beside
-- it. No foreign key: one that is gone is harmless.
ALTER TABLE "account"
  ADD COLUMN "read_as_id" UUID,
  ADD COLUMN "own_reading" JSONB;


-- What Prisma's schema cannot say, from here on.

-- What is there already. An owner that is no superuser sees no row while the wall is forced upon it.
ALTER TABLE "account" NO FORCE ROW LEVEL SECURITY;
ALTER TABLE "account_alias" NO FORCE ROW LEVEL SECURITY;
ALTER TABLE "consent" NO FORCE ROW LEVEL SECURITY;
ALTER TABLE "history_span" NO FORCE ROW LEVEL SECURITY;

-- The names of a merged account went with it; from now on they stay, and so nothing is to be given back.
UPDATE "account_alias" alias SET "account_id" = merged."id" FROM "account" merged
  WHERE merged."merged_into_id" = alias."account_id"
    AND merged."merge_memory" -> 'aliases' ? alias."provider_account_id";
-- What an account was before the first merge by which it took another's name.
UPDATE "account" kept SET "read_as_id" = merged."id", "own_reading" = (
    SELECT "first"."merge_memory" -> 'keep' || jsonb_build_object('balance', "first"."merge_memory" -> 'balance')
    FROM "account" "first"
    WHERE "first"."merged_into_id" = kept."id" AND ("first"."merge_memory" ->> 'takes')::boolean
    ORDER BY "first"."merged_at" LIMIT 1)
  FROM "account" merged
  WHERE merged."merged_into_id" = kept."id" AND (merged."merge_memory" ->> 'takes')::boolean
    AND merged."merge_memory" -> 'aliases' ? kept."provider_account_id";

INSERT INTO "account_feed"
  SELECT "consent_id", coalesce("read_as_id", "id"), "viewer_id", "provider_account_id", "seen_at"
  FROM "account" WHERE "status" = 'SHARED' AND "merged_into_id" IS NULL;
INSERT INTO "account_feed"
  SELECT "consent_id", "id", "viewer_id", "provider_account_id", "seen_at"
  FROM "account" WHERE "status" = 'SHARED' AND "merged_into_id" IS NOT NULL
  ON CONFLICT DO NOTHING;
INSERT INTO "account_feed"
  SELECT consent."id", kept."id", kept."viewer_id", was."provider_account_id", was."seen_at"
  FROM "account" kept, jsonb_populate_record(NULL::"account", kept."own_reading") was, "consent"
  WHERE kept."read_as_id" IS NOT NULL AND was."status" = 'SHARED' AND consent."id" = was."consent_id"
  ON CONFLICT DO NOTHING;
-- Consents that share an account though another feeds it: those that called it by a name last, in their
-- newest list, and those with but one list, which is their first.
INSERT INTO "account_feed"
  SELECT consent."id", alias."account_id", alias."viewer_id", alias."provider_account_id", alias."seen_at"
  FROM "account_alias" alias JOIN "consent" ON consent."id" = alias."consent_id"
  WHERE alias."seen_at" >= consent."planned_at"
  ON CONFLICT DO NOTHING;
INSERT INTO "account_feed"
  SELECT DISTINCT ON (consent."id", account."id") consent."id", account."id", account."viewer_id",
    coalesce(account."own_reading" ->> 'provider_account_id', account."provider_account_id"),
    consent."planned_at"
  FROM "history_span" span JOIN "consent" ON consent."id" = span."consent_id"
    JOIN "account" ON account."id" = span."account_id"
  WHERE consent."period" = 1 AND consent."planned_at" IS NOT NULL
  ON CONFLICT DO NOTHING;

ALTER TABLE "account" FORCE ROW LEVEL SECURITY;
ALTER TABLE "account_alias" FORCE ROW LEVEL SECURITY;
ALTER TABLE "consent" FORCE ROW LEVEL SECURITY;
ALTER TABLE "history_span" FORCE ROW LEVEL SECURITY;

ALTER TABLE "account"
  DROP CONSTRAINT "account_merged",
  DROP COLUMN "merge_memory",
  ADD CONSTRAINT "account_merged" CHECK (("merged_into_id" IS NULL) = ("merged_at" IS NULL)),
  ADD CONSTRAINT "account_read_as" CHECK (("read_as_id" IS NULL) = ("own_reading" IS NULL));

GRANT SELECT, INSERT, UPDATE, DELETE ON "account_feed" TO consentry_app;
ALTER TABLE "account_feed" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "account_feed" FORCE ROW LEVEL SECURITY;
CREATE POLICY viewer_only ON "account_feed" USING (viewer_id = (SELECT living_viewer()));

-- Who was erased, as a keyed hash that names nobody: a backup of the days before holds that person
-- again, and is cleaned by it.
CREATE TABLE "erasure" (
    "id" UUID NOT NULL,
    "viewer_hash" BYTEA NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "erasure_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "erasure_viewer_hash_requested_at_key" ON "erasure"("viewer_hash", "requested_at");

-- The key of those hashes, sealed. It is made once and never changed, for a hash can only be compared
-- with one under the same key; what seals it changes with the other sealing keys.
CREATE TABLE "erasure_key" (
    "name" TEXT NOT NULL,
    "sealed_key" TEXT NOT NULL,

    CONSTRAINT "erasure_key_pkey" PRIMARY KEY ("name")
);

-- The erasure that is under way for a viewer: their row is the last that goes, so it says how far it is.
ALTER TABLE "viewer" ADD COLUMN "erasure_id" UUID;
CREATE UNIQUE INDEX "viewer_erasure_id_key" ON "viewer"("erasure_id");

-- Changes up to this number are gone: whoever has read less has missed some.
ALTER TABLE "change_counter" ADD COLUMN "trimmed_until" BIGINT NOT NULL DEFAULT 0;
-- Old changes are looked for once a day, in a table that is written in the order of time.
CREATE INDEX "change_at_idx" ON "change" USING BRIN ("at");
-- Without it each account that goes reads all spans of all users.
CREATE INDEX "history_span_account_id_idx" ON "history_span"("account_id");


-- What Prisma's schema cannot say, from here on.

ALTER TABLE "erasure" ADD CONSTRAINT "erasure_hash" CHECK (octet_length("viewer_hash") = 32);
ALTER TABLE "erasure_key" ADD CONSTRAINT "erasure_key_one" CHECK ("name" = 'viewers');
ALTER TABLE "change_counter"
  ADD CONSTRAINT "change_counter_trimmed" CHECK ("trimmed_until" BETWEEN 0 AND "seq");

-- What was erased stays remembered: nothing of the house deletes it.
GRANT SELECT, INSERT, UPDATE ON "erasure" TO consentry_app;
GRANT SELECT, INSERT ON "erasure_key" TO consentry_app;
GRANT UPDATE ("sealed_key") ON "erasure_key" TO consentry_app;
-- An alarm may be about one consent, whose id goes with its user.
GRANT DELETE ON "operator_alarm" TO consentry_app;

-- Whose erasure it is, who is to be looked at in a restored backup, and what is older than its time.
CREATE POLICY scout_finds ON "viewer" FOR SELECT TO consentry_scout USING (true);
GRANT SELECT ("id", "created_at", "erasure_id") ON "viewer" TO consentry_scout;
CREATE POLICY scout_finds ON "change" FOR SELECT TO consentry_scout USING (true);
GRANT SELECT ("viewer_id", "at") ON "change" TO consentry_scout;
GRANT SELECT ("status") ON "consent" TO consentry_scout;

-- From the moment that an erasure begins, its viewer has no rows: nobody reads them, and no work that
-- is late adds any, while they are being deleted. Only whoever deletes them says so and sees them.
-- Whose rows a statement may reach is asked once a statement, by the key of one row. It stays a
-- comparison with one value, for a condition beside it would be guessed to hold for every second row,
-- and pages would no longer be read along their index.
CREATE FUNCTION "living_viewer"() RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT nullif(current_setting('app.viewer', true), '')::uuid
  WHERE current_setting('app.erasing', true) = 'on' OR NOT EXISTS (
    SELECT FROM public.viewer
    WHERE id = nullif(current_setting('app.viewer', true), '')::uuid AND erasure_id IS NOT NULL)
$$;
GRANT EXECUTE ON FUNCTION "living_viewer"() TO consentry_app, consentry_scout;
DO $$
DECLARE
  table_name text;
BEGIN
  FOR table_name IN
    SELECT p.tablename FROM pg_policies p
    WHERE p.schemaname = 'public' AND p.policyname = 'viewer_only' AND p.tablename <> 'viewer'
  LOOP
    EXECUTE format(
      'ALTER POLICY viewer_only ON %I USING (viewer_id = (SELECT living_viewer()))', table_name);
  END LOOP;
END $$;
ALTER POLICY viewer_or_nobodys ON "webhook_delivery"
  USING (viewer_id IS NULL OR viewer_id = (SELECT living_viewer()));

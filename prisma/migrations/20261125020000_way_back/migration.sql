-- A link is handed out as an address of ours, which records that it was opened and leads on to the
-- bank. What it leads to holds the state, so it is kept sealed, and only while the link is open. All
-- is nullable: links of earlier versions went to the bank directly, and a process of such a version
-- may go on making them until it is replaced.
ALTER TABLE "auth_link"
  ADD COLUMN "open_hash" BYTEA,
  ADD COLUMN "sealed_dialog" TEXT,
  ADD COLUMN "code_hash" BYTEA,
  ADD COLUMN "opened_at" TIMESTAMPTZ(3),
  ADD COLUMN "returned_at" TIMESTAMPTZ(3),
  ADD CONSTRAINT "auth_link_way_hashes" CHECK (
    coalesce(octet_length("open_hash"), 32) = 32 AND coalesce(octet_length("code_hash"), 32) = 32
  );

-- A link that nobody came back by says nothing against the bank or this server, so it is no failure.
-- No row can take the value before this is committed, and none has to.
ALTER TYPE "auth_link_status" ADD VALUE 'ABANDONED';

CREATE UNIQUE INDEX "auth_link_open_hash_key" ON "auth_link"("open_hash");
-- How links fare is counted over a range of days, across viewers.
CREATE INDEX "auth_link_environment_created_at_idx" ON "auth_link"("environment", "created_at");

-- Enough to find whose link was opened, and to count how links fare: no address, no context, no secret.
GRANT SELECT (
  "open_hash", "environment", "provider_id", "status", "error_code", "created_at", "opened_at",
  "returned_at"
) ON "auth_link" TO consentry_scout;

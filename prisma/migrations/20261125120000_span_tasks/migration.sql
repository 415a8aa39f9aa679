-- A span's days are asked for as a task that the bank does in its own time. Its results are read at the
-- address that the bank gave when it took the task on, and at no other, whatever a notice says.
ALTER TABLE "history_span"
  ADD COLUMN "tasks" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "task_hash" BYTEA,
  ADD COLUMN "task_asked_at" TIMESTAMPTZ(3),
  ADD COLUMN "noticed_at" TIMESTAMPTZ(3),
  ADD COLUMN "results_uri" TEXT,
  ADD COLUMN "poll_failures" INTEGER NOT NULL DEFAULT 0;
-- A notice names its task by the secret in the address that it comes to.
CREATE UNIQUE INDEX "history_span_task_hash_key" ON "history_span"("task_hash");


-- What Prisma's schema cannot say, from here on.

ALTER TABLE "history_span"
  ADD CONSTRAINT "history_span_task" CHECK (
    octet_length("task_hash") = 32 AND "tasks" >= 0 AND "poll_failures" >= 0),
  -- Nothing is awaited of a span that has ended, nor without knowing since when.
  ADD CONSTRAINT "history_span_results" CHECK (
    "results_uri" IS NULL OR ("status" = 'PLANNED' AND "task_asked_at" IS NOT NULL));

-- Whose span a notice is about.
CREATE POLICY scout_finds ON "history_span" FOR SELECT TO consentry_scout USING (true);
GRANT SELECT ("id", "viewer_id", "task_hash") ON "history_span" TO consentry_scout;

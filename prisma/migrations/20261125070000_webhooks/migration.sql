-- One id for each event: the same in the change log, in what a subscription shows, and in webhooks.
-- The consent that an event is about stands on the first row of the event alone, so that its newest
-- event is one step in a small index, however many transactions an event brought.
ALTER TABLE "change" ADD COLUMN "event_id" UUID, ADD COLUMN "consent_id" UUID;
CREATE INDEX "change_newest_event" ON "change" ("viewer_id", "consent_id", "seq" DESC)
  WHERE "consent_id" IS NOT NULL;

-- Where an operator wants to hear of events, and the sealed secrets that sign what is sent there.
CREATE TABLE "webhook_endpoint" (
    "id" UUID NOT NULL,
    "environment" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "event_types" TEXT[] NOT NULL,
    "enabled" BOOLEAN NOT NULL,
    "disabled_reason" TEXT,
    "disabled_at" TIMESTAMPTZ(3),
    "failing_since" TIMESTAMPTZ(3),
    "sealed_secret" TEXT NOT NULL,
    "sealed_previous_secret" TEXT,
    "previous_ends_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "webhook_endpoint_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "webhook_endpoint_environment_idx" ON "webhook_endpoint" ("environment");

CREATE TYPE "webhook_delivery_status" AS ENUM ('PENDING', 'DELIVERED', 'FAILED');

-- What is to be told to whom, written in the transaction of what it tells of: ids alone. It goes with its
-- viewer, and what belongs to no viewer, a bank that is down, has none.
CREATE TABLE "webhook_delivery" (
    "id" UUID NOT NULL,
    "viewer_id" UUID,
    "endpoint_id" UUID NOT NULL,
    "event_id" UUID NOT NULL,
    "event_type" TEXT NOT NULL,
    "subject" JSONB NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "status" "webhook_delivery_status" NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3),
    "last_attempt_at" TIMESTAMPTZ(3),
    "last_status" INTEGER,
    "last_error" TEXT,
    "replay_of" UUID,
    "replayed_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_delivery_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "webhook_delivery_viewer_id_idx" ON "webhook_delivery" ("viewer_id");
CREATE INDEX "webhook_delivery_endpoint_id_created_at_id_idx"
  ON "webhook_delivery" ("endpoint_id", "created_at" DESC, "id" DESC);
CREATE INDEX "webhook_delivery_created_at_id_idx"
  ON "webhook_delivery" ("created_at" DESC, "id" DESC);
ALTER TABLE "webhook_delivery" ADD CONSTRAINT "webhook_delivery_viewer_id_fkey" FOREIGN KEY ("viewer_id") REFERENCES "viewer"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "webhook_delivery" ADD CONSTRAINT "webhook_delivery_endpoint_id_fkey" FOREIGN KEY ("endpoint_id") REFERENCES "webhook_endpoint"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What operators did, in the order in which they did it.
CREATE TABLE "operator_act" (
    "id" BIGSERIAL NOT NULL,
    "operator" TEXT NOT NULL,
    "act" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "correlation_id" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "operator_act_pkey" PRIMARY KEY ("id")
);


-- What Prisma's schema cannot say, from here on.

-- The floor under the jobs of deliveries looks only at what is still to be sent.
CREATE INDEX "webhook_delivery_due" ON "webhook_delivery" ("next_attempt_at") WHERE "status" = 'PENDING';
ALTER TABLE "webhook_endpoint" ADD CONSTRAINT "webhook_endpoint_disabled"
  CHECK (("disabled_reason" IS NULL) = "enabled" AND ("disabled_at" IS NULL) = "enabled"
    AND ("disabled_reason" IS NULL OR "disabled_reason" IN ('OPERATOR', 'GONE', 'FAILING')));
ALTER TABLE "webhook_endpoint" ADD CONSTRAINT "webhook_endpoint_overlap"
  CHECK ("sealed_previous_secret" IS NULL OR "previous_ends_at" IS NOT NULL);
ALTER TABLE "webhook_delivery" ADD CONSTRAINT "webhook_delivery_next"
  CHECK (("status" = 'PENDING') = ("next_attempt_at" IS NOT NULL)
    AND ("status" = 'PENDING') = ("ended_at" IS NULL));

GRANT SELECT, INSERT, UPDATE, DELETE ON "webhook_endpoint", "webhook_delivery" TO consentry_app;
ALTER TABLE "webhook_delivery" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "webhook_delivery" FORCE ROW LEVEL SECURITY;
-- What belongs to no viewer is everybody's.
CREATE POLICY viewer_or_nobodys ON "webhook_delivery"
  USING (viewer_id IS NULL OR viewer_id = nullif(current_setting('app.viewer', true), '')::uuid);

-- The operator's log of deliveries goes across viewers: all of a row but what it is about.
CREATE POLICY scout_finds ON "webhook_delivery" FOR SELECT TO consentry_scout USING (true);
GRANT SELECT ("id", "viewer_id", "endpoint_id", "event_id", "event_type", "occurred_at", "status",
  "attempts", "next_attempt_at", "last_attempt_at", "last_status", "last_error", "replay_of",
  "replayed_at", "created_at", "ended_at") ON "webhook_delivery" TO consentry_scout;
GRANT SELECT ("id", "environment") ON "webhook_endpoint" TO consentry_scout;

-- What was done stays written: not even the owner of the database edits it by a slip.
GRANT SELECT, INSERT ON "operator_act" TO consentry_app;
GRANT USAGE ON SEQUENCE "operator_act_id_seq" TO consentry_app;
CREATE FUNCTION operator_act_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'operator_act is append-only';
END;
$$;
CREATE TRIGGER operator_act_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "operator_act"
  FOR EACH STATEMENT EXECUTE FUNCTION operator_act_stays();

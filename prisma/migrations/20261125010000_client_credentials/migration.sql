-- As which client this server speaks to TrueLayer, one for each of its environments, so that a new
-- secret works in every process at once and no environment ever borrows the client of another.
CREATE TABLE "bank_client" (
    "environment" TEXT NOT NULL,
    "client_id" TEXT NOT NULL,
    "sealed_secret" TEXT NOT NULL,
    "sealed_seed" TEXT,
    "set_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "bank_client_pkey" PRIMARY KEY ("environment")
);

ALTER TABLE "bank_client"
  ADD CONSTRAINT "bank_client_names" CHECK ("environment" <> '' AND "client_id" <> '');

-- It belongs to no viewer, so no wall stands around it: what it says is of use only to the keys.
GRANT SELECT, INSERT, UPDATE, DELETE ON "bank_client" TO consentry_app;

-- How many living consents belong to a client is asked across viewers, before it is replaced or
-- removed; and whoever looks for due work must find that of its own environment alone.
GRANT SELECT ("environment", "client_id", "ended_at") ON "consent" TO consentry_scout;

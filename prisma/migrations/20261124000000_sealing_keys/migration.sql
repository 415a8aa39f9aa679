-- A key that is missing or has other bytes under its old name must stop a start before anything is
-- sealed with it. What a start tries its keys on stands here: one word for each key that ever sealed
-- in this database, put there by the first process that seals with it.
CREATE TABLE "key_canary" (
    "key_id" TEXT NOT NULL,
    "sealed" TEXT NOT NULL,

    CONSTRAINT "key_canary_pkey" PRIMARY KEY ("key_id")
);

-- Never changed: what is there was opened by somebody. It goes when nothing is under the key.
GRANT SELECT, INSERT, DELETE ON "key_canary" TO consentry_app;

-- Whether a row still holds the refresh token that a process read, can no longer be told by its
-- ciphertext, for a change of keys seals the same token anew.
ALTER TABLE "consent_credential" ADD COLUMN "refresh_number" INTEGER NOT NULL DEFAULT 1;

-- That an operator wants all of an account read again that its bank still serves, until it was.
ALTER TABLE "account" ADD COLUMN "reread_at" TIMESTAMPTZ(3);


-- What Prisma's schema cannot say, from here on.

-- An operator names an account by its id alone; whose it is has to be found.
CREATE POLICY scout_finds ON "account" FOR SELECT TO consentry_scout USING (true);
GRANT SELECT ("id", "viewer_id") ON "account" TO consentry_scout;

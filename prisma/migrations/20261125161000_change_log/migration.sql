-- Of an account that is gone: what kind it was, for its id over the API is made of that.
ALTER TABLE "change" ADD COLUMN "account_kind" TEXT;


-- What Prisma's schema cannot say, from here on.

ALTER TABLE "change" ADD CONSTRAINT "change_account_kind"
  CHECK ("account_kind" IS NULL OR "account_kind" IN ('BANK_ACCOUNT', 'CARD') AND "subject" IN ('ACCOUNT', 'BALANCE'));

-- What an account was, it is for every evaluation.
INSERT INTO "web"."role_grant" ("account", "role", "evaluation", "origin", "granted_at")
SELECT "name", "role", NULL, 'person', "created_at" FROM "web"."account";
--> statement-breakpoint
ALTER TABLE "web"."account" DROP COLUMN "role";
CREATE TABLE "web"."api_token" (
	"id" uuid PRIMARY KEY NOT NULL,
	"token_hash" text NOT NULL,
	"account" text NOT NULL,
	"label" text NOT NULL,
	"rights" jsonb NOT NULL,
	"evaluation" text,
	"created_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"revoked_at" timestamp with time zone,
	"used_at" timestamp with time zone,
	CONSTRAINT "api_token_token_hash_unique" UNIQUE("token_hash")
);
--> statement-breakpoint
CREATE TABLE "web"."launch_nonce" (
	"nonce" text PRIMARY KEY NOT NULL,
	"expires_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "web"."role_grant" (
	"account" text NOT NULL,
	"role" text NOT NULL,
	"evaluation" text,
	"origin" text NOT NULL,
	"granted_at" timestamp with time zone NOT NULL,
	CONSTRAINT "role_grant_once" UNIQUE NULLS NOT DISTINCT("account","role","evaluation","origin")
);
--> statement-breakpoint
ALTER TABLE "web"."account" ALTER COLUMN "password" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "web"."account" ALTER COLUMN "role" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "web"."account" ADD COLUMN "origin" text DEFAULT 'local' NOT NULL;--> statement-breakpoint
ALTER TABLE "web"."audit" ADD COLUMN "detail" text;--> statement-breakpoint
ALTER TABLE "web"."audit" ADD COLUMN "evaluation" text;--> statement-breakpoint
ALTER TABLE "web"."api_token" ADD CONSTRAINT "api_token_account_account_name_fk" FOREIGN KEY ("account") REFERENCES "web"."account"("name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "web"."role_grant" ADD CONSTRAINT "role_grant_account_account_name_fk" FOREIGN KEY ("account") REFERENCES "web"."account"("name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "api_token_by_account" ON "web"."api_token" USING btree ("account");--> statement-breakpoint
CREATE INDEX "audit_by_actor" ON "web"."audit" USING btree ("actor","at");--> statement-breakpoint
CREATE INDEX "audit_by_action" ON "web"."audit" USING btree ("action","at");--> statement-breakpoint
CREATE INDEX "audit_newest" ON "web"."audit" USING btree ("at","id");
CREATE SCHEMA "web";
--> statement-breakpoint
CREATE TABLE "web"."account" (
	"name" text PRIMARY KEY NOT NULL,
	"password" text NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"disabled_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "web"."audit" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"actor" text NOT NULL,
	"action" text NOT NULL,
	"subject" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "web"."cursor" (
	"name" text PRIMARY KEY NOT NULL,
	"position" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "web"."feedback" (
	"id" uuid PRIMARY KEY NOT NULL,
	"run" text NOT NULL,
	"evaluation" text NOT NULL,
	"evaluation_version" text NOT NULL,
	"author" text NOT NULL,
	"version" integer NOT NULL,
	"reason" text,
	"answers" jsonb NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "web"."feedback_draft" (
	"run" text NOT NULL,
	"evaluation" text NOT NULL,
	"author" text NOT NULL,
	"fields" jsonb NOT NULL,
	"saved_at" timestamp with time zone NOT NULL,
	CONSTRAINT "feedback_draft_run_evaluation_author_pk" PRIMARY KEY("run","evaluation","author")
);
--> statement-breakpoint
CREATE TABLE "web"."outbox" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"key" text NOT NULL,
	"body" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "web"."run" (
	"id" text PRIMARY KEY NOT NULL,
	"pipeline" text NOT NULL,
	"study_instance_uid" text NOT NULL,
	"status" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"amends" text,
	"view" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "web"."session" (
	"token_hash" text PRIMARY KEY NOT NULL,
	"account" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"seen_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "web"."sign_in_failure" (
	"key" text PRIMARY KEY NOT NULL,
	"failures" integer NOT NULL,
	"last_at" timestamp with time zone NOT NULL,
	"blocked_until" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "web"."session" ADD CONSTRAINT "session_account_account_name_fk" FOREIGN KEY ("account") REFERENCES "web"."account"("name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "audit_by_subject" ON "web"."audit" USING btree ("subject","at");--> statement-breakpoint
CREATE UNIQUE INDEX "feedback_version" ON "web"."feedback" USING btree ("run","evaluation","author","version");--> statement-breakpoint
CREATE INDEX "run_newest" ON "web"."run" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "run_by_study" ON "web"."run" USING btree ("study_instance_uid","created_at","id");--> statement-breakpoint
CREATE INDEX "run_by_pipeline" ON "web"."run" USING btree ("pipeline","created_at","id");--> statement-breakpoint
CREATE INDEX "run_by_status" ON "web"."run" USING btree ("status","created_at","id");--> statement-breakpoint
CREATE INDEX "session_by_account" ON "web"."session" USING btree ("account");
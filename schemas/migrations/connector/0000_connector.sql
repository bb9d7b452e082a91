CREATE SCHEMA "connector";
--> statement-breakpoint
CREATE TABLE "connector"."event" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"bucket" text NOT NULL,
	"key" text NOT NULL,
	"event_time" timestamp with time zone NOT NULL,
	"deduplication_key" text NOT NULL,
	"stored_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "event_deduplication_key_unique" UNIQUE("deduplication_key")
);
--> statement-breakpoint
CREATE TABLE "connector"."run" (
	"id" text PRIMARY KEY NOT NULL,
	"heard_at" timestamp with time zone DEFAULT now() NOT NULL,
	"pipeline" text,
	"ended_at" timestamp with time zone,
	"status" text,
	"step" text,
	"reason" text,
	"retries" integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE INDEX "event_object" ON "connector"."event" USING btree ("bucket","key");--> statement-breakpoint
CREATE INDEX "run_ended_at" ON "connector"."run" USING btree ("ended_at");
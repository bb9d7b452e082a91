CREATE TABLE "web"."trend_entry" (
	"id" uuid PRIMARY KEY NOT NULL,
	"pipeline" text NOT NULL,
	"study_instance_uid" text NOT NULL,
	"kind" text NOT NULL,
	"author" text NOT NULL,
	"reason" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "trend_entry_by_study" ON "web"."trend_entry" USING btree ("study_instance_uid","pipeline");--> statement-breakpoint
CREATE TRIGGER "trend_entry_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "web"."trend_entry"
FOR EACH STATEMENT EXECUTE FUNCTION "web"."refuse_change"();

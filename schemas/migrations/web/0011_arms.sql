CREATE TABLE "web"."allocation" (
	"evaluation" text NOT NULL,
	"study_instance_uid" text NOT NULL,
	"arm" text NOT NULL,
	"design" text NOT NULL,
	"stratum" text NOT NULL,
	"place" integer NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "allocation_evaluation_study_instance_uid_pk" PRIMARY KEY("evaluation","study_instance_uid"),
	CONSTRAINT "allocation_place" UNIQUE("evaluation","design","stratum","place")
);
--> statement-breakpoint
ALTER TABLE "web"."assignment" ADD COLUMN "given_by" text;--> statement-breakpoint
ALTER TABLE "web"."assignment" ADD COLUMN "released_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "web"."assignment" ADD COLUMN "release_reason" text;--> statement-breakpoint
-- An exam never changes its arm: the database itself refuses it.
CREATE TRIGGER "allocation_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "web"."allocation"
FOR EACH STATEMENT EXECUTE FUNCTION "web"."refuse_change"();

CREATE TABLE "archive"."approval" (
	"id" uuid PRIMARY KEY NOT NULL,
	"pipeline" text NOT NULL,
	"pipeline_version" text NOT NULL,
	"decision" text NOT NULL,
	"author" text NOT NULL,
	"reason" text NOT NULL,
	"decided_at" timestamp (3) with time zone NOT NULL,
	"position" bigserial NOT NULL
);
--> statement-breakpoint
ALTER TABLE "archive"."delivery" ADD COLUMN "pipeline_version" text;--> statement-breakpoint
CREATE INDEX "approval_by_version" ON "archive"."approval" USING btree ("pipeline","pipeline_version","position");
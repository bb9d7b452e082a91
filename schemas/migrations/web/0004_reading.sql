CREATE TABLE "web"."assignment" (
	"evaluation" text NOT NULL,
	"study_instance_uid" text NOT NULL,
	"reader" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "assignment_evaluation_study_instance_uid_reader_pk" PRIMARY KEY("evaluation","study_instance_uid","reader")
);
--> statement-breakpoint
DROP INDEX "web"."feedback_version";--> statement-breakpoint
ALTER TABLE "web"."feedback_draft" ADD COLUMN "stage" text DEFAULT 'aided' NOT NULL;--> statement-breakpoint
ALTER TABLE "web"."feedback_draft" DROP CONSTRAINT "feedback_draft_run_evaluation_author_pk";--> statement-breakpoint
ALTER TABLE "web"."feedback_draft" ADD CONSTRAINT "feedback_draft_run_evaluation_author_stage_pk" PRIMARY KEY("run","evaluation","author","stage");--> statement-breakpoint
ALTER TABLE "web"."feedback" ADD COLUMN "stage" text DEFAULT 'aided' NOT NULL;--> statement-breakpoint
ALTER TABLE "web"."feedback" ADD COLUMN "agreed_with_all" boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX "assignment_by_reader" ON "web"."assignment" USING btree ("evaluation","reader");--> statement-breakpoint
CREATE UNIQUE INDEX "feedback_version" ON "web"."feedback" USING btree ("run","evaluation","author","stage","version");
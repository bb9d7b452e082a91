CREATE TABLE "archive"."withdrawal" (
	"pipeline" text NOT NULL,
	"study_instance_uid" text NOT NULL,
	"kind" text NOT NULL,
	"reason" text NOT NULL,
	"said_at" timestamp (3) with time zone NOT NULL,
	"entry" uuid NOT NULL,
	CONSTRAINT "withdrawal_pipeline_study_instance_uid_pk" PRIMARY KEY("pipeline","study_instance_uid")
);
--> statement-breakpoint
ALTER TABLE "archive"."delivery" ADD COLUMN "shows" jsonb DEFAULT '{"exams":[]}'::jsonb NOT NULL;--> statement-breakpoint
-- What people said and what waits of before. Of reports of a trend nobody wrote down the exams: they are to be sent again.
DO $$
BEGIN
  IF to_regclass('web.trend_entry') IS NOT NULL THEN
    INSERT INTO "archive"."withdrawal" ("pipeline", "study_instance_uid", "kind", "reason", "said_at", "entry")
    SELECT DISTINCT ON (pipeline, study_instance_uid) pipeline, study_instance_uid, kind, reason, created_at, id
    FROM web.trend_entry WHERE kind IN ('withdrawn', 'restored')
    ORDER BY pipeline, study_instance_uid, created_at DESC, id DESC;
  END IF;
  IF to_regclass('web.run') IS NOT NULL THEN
    UPDATE "archive"."delivery" d SET "shows" = jsonb_build_object('exams', jsonb_build_array(r.study_instance_uid))
    FROM web.run r WHERE r.id = d.run AND d.object->>'key' NOT LIKE '%/trends/%';
  END IF;
END
$$;

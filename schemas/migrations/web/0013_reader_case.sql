CREATE TABLE "web"."kept_evaluation" (
	"evaluation" text PRIMARY KEY NOT NULL,
	"pipeline" text NOT NULL,
	"declared" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "web"."reader_case" (
	"evaluation" text NOT NULL,
	"study_instance_uid" text NOT NULL,
	"run" text NOT NULL,
	"arm" text NOT NULL,
	"person" text NOT NULL,
	"list" text,
	"stage" text,
	"since" timestamp with time zone NOT NULL,
	"given" boolean NOT NULL,
	"unread" boolean NOT NULL,
	"done" boolean NOT NULL
);
--> statement-breakpoint
CREATE TABLE "web"."reader_load" (
	"evaluation" text NOT NULL,
	"arm" text NOT NULL,
	"reader" text NOT NULL,
	"cases" integer NOT NULL,
	CONSTRAINT "reader_load_evaluation_arm_reader_pk" PRIMARY KEY("evaluation","arm","reader")
);
--> statement-breakpoint
CREATE TABLE "web"."reader_tally" (
	"evaluation" text NOT NULL,
	"arm" text NOT NULL,
	"person" text NOT NULL,
	"given" integer NOT NULL,
	"unread" integer NOT NULL,
	"done" integer NOT NULL,
	CONSTRAINT "reader_tally_evaluation_arm_person_pk" PRIMARY KEY("evaluation","arm","person")
);
--> statement-breakpoint
CREATE TABLE "web"."reading_change" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"evaluation" text NOT NULL,
	"study_instance_uid" text NOT NULL
);
--> statement-breakpoint
CREATE INDEX "reader_case_by_exam" ON "web"."reader_case" USING btree ("evaluation","study_instance_uid");--> statement-breakpoint
CREATE INDEX "reader_case_by_person" ON "web"."reader_case" USING btree ("evaluation","person","run") WHERE "web"."reader_case"."given";--> statement-breakpoint
CREATE INDEX "reader_case_waiting" ON "web"."reader_case" USING btree ("evaluation","list","person","since") WHERE "web"."reader_case"."list" is not null;--> statement-breakpoint
CREATE INDEX "reading_change_by_evaluation" ON "web"."reading_change" USING btree ("evaluation","id");
--> statement-breakpoint
-- Whatever changes an exam's standing says so in its own transaction, so that no way of changing it can be forgotten.
CREATE FUNCTION "web"."note_reading_of_pipeline"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO web.reading_change (evaluation, study_instance_uid)
  SELECT k.evaluation, c.study_instance_uid FROM changed c JOIN web.kept_evaluation k USING (pipeline);
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER "run_changes_reading" AFTER INSERT ON "web"."run"
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION "web"."note_reading_of_pipeline"();
--> statement-breakpoint
CREATE TRIGGER "lost_run_changes_reading" AFTER DELETE ON "web"."run"
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION "web"."note_reading_of_pipeline"();
--> statement-breakpoint
CREATE TRIGGER "trend_entry_changes_reading" AFTER INSERT ON "web"."trend_entry"
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION "web"."note_reading_of_pipeline"();
--> statement-breakpoint
-- A run is written anew whenever a step of it ends; only what lists ask about counts.
CREATE FUNCTION "web"."note_reading_of_run"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO web.reading_change (evaluation, study_instance_uid)
  SELECT k.evaluation, c.study_instance_uid
  FROM changed c JOIN former f USING (id) JOIN web.kept_evaluation k ON k.pipeline = c.pipeline
  WHERE (c.readable, c.amends, c.created_at) IS DISTINCT FROM (f.readable, f.amends, f.created_at);
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER "ended_run_changes_reading" AFTER UPDATE ON "web"."run"
REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION "web"."note_reading_of_run"();
--> statement-breakpoint
CREATE FUNCTION "web"."note_reading_of_evaluation"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO web.reading_change (evaluation, study_instance_uid)
  SELECT c.evaluation, c.study_instance_uid FROM changed c JOIN web.kept_evaluation USING (evaluation);
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER "assignment_changes_reading" AFTER INSERT ON "web"."assignment"
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION "web"."note_reading_of_evaluation"();
--> statement-breakpoint
CREATE TRIGGER "release_changes_reading" AFTER UPDATE ON "web"."assignment"
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION "web"."note_reading_of_evaluation"();
--> statement-breakpoint
CREATE TRIGGER "allocation_changes_reading" AFTER INSERT ON "web"."allocation"
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION "web"."note_reading_of_evaluation"();
--> statement-breakpoint
CREATE FUNCTION "web"."note_reading_of_answers"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO web.reading_change (evaluation, study_instance_uid)
  SELECT c.evaluation, r.study_instance_uid
  FROM changed c JOIN web.kept_evaluation USING (evaluation) JOIN web.run r ON r.id = c.run;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER "feedback_changes_reading" AFTER INSERT ON "web"."feedback"
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION "web"."note_reading_of_answers"();
--> statement-breakpoint
INSERT INTO "web"."reader_load" (evaluation, arm, reader, cases)
SELECT x.evaluation, coalesce(l.arm, ''), x.reader, count(*) FROM web.assignment x
LEFT JOIN web.allocation l ON l.evaluation = x.evaluation AND l.study_instance_uid = x.study_instance_uid
WHERE x.released_at IS NULL GROUP BY 1, 2, 3;
--> statement-breakpoint
CREATE FUNCTION "web"."count_given"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO web.reader_load (evaluation, arm, reader, cases)
  SELECT c.evaluation, coalesce(l.arm, ''), c.reader, count(*) FROM changed c
  LEFT JOIN web.allocation l ON l.evaluation = c.evaluation AND l.study_instance_uid = c.study_instance_uid
  WHERE c.released_at IS NULL GROUP BY 1, 2, 3
  ON CONFLICT (evaluation, arm, reader) DO UPDATE SET cases = reader_load.cases + excluded.cases;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER "assignment_counts" AFTER INSERT ON "web"."assignment"
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION "web"."count_given"();
--> statement-breakpoint
CREATE FUNCTION "web"."count_released"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO web.reader_load (evaluation, arm, reader, cases)
  SELECT c.evaluation, coalesce(l.arm, ''), c.reader, sum((c.released_at IS NULL)::int - (f.released_at IS NULL)::int)
  FROM changed c JOIN former f USING (evaluation, study_instance_uid, reader)
  LEFT JOIN web.allocation l USING (evaluation, study_instance_uid) GROUP BY 1, 2, 3
  ON CONFLICT (evaluation, arm, reader) DO UPDATE SET cases = reader_load.cases + excluded.cases;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER "release_counts" AFTER UPDATE ON "web"."assignment"
REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION "web"."count_released"();
--> statement-breakpoint
-- Exams that were given out before there were arms.
CREATE FUNCTION "web"."count_in_arm"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO web.reader_load (evaluation, arm, reader, cases)
  SELECT x.evaluation, moved.arm, x.reader, sum(moved.cases)
  FROM changed c JOIN web.assignment x USING (evaluation, study_instance_uid),
    LATERAL (VALUES ('', -1), (c.arm, 1)) moved (arm, cases)
  WHERE x.released_at IS NULL GROUP BY 1, 2, 3
  ON CONFLICT (evaluation, arm, reader) DO UPDATE SET cases = reader_load.cases + excluded.cases;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER "allocation_counts" AFTER INSERT ON "web"."allocation"
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION "web"."count_in_arm"();

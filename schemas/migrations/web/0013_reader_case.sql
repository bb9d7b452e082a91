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
	"person" text,
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
CREATE INDEX "reader_case_by_person" ON "web"."reader_case" USING btree ("evaluation","person","run");--> statement-breakpoint
CREATE INDEX "reader_case_waiting" ON "web"."reader_case" USING btree ("evaluation","list","person","since") WHERE "web"."reader_case"."list" is not null;--> statement-breakpoint
CREATE INDEX "reading_change_by_evaluation" ON "web"."reading_change" USING btree ("evaluation","id");
--> statement-breakpoint
-- Whatever changes an exam's standing says so in its own transaction, so that no way of changing it can be forgotten.
CREATE FUNCTION "web"."note_reading_of_pipeline"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed record := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
BEGIN
  INSERT INTO web.reading_change (evaluation, study_instance_uid)
  SELECT evaluation, changed.study_instance_uid FROM web.kept_evaluation WHERE pipeline = changed.pipeline;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER "run_changes_reading" AFTER INSERT OR DELETE ON "web"."run"
FOR EACH ROW EXECUTE FUNCTION "web"."note_reading_of_pipeline"();
--> statement-breakpoint
CREATE TRIGGER "run_ended_changes_reading" AFTER UPDATE ON "web"."run" FOR EACH ROW
WHEN ((OLD.readable, OLD.amends, OLD.created_at) IS DISTINCT FROM (NEW.readable, NEW.amends, NEW.created_at))
EXECUTE FUNCTION "web"."note_reading_of_pipeline"();
--> statement-breakpoint
CREATE TRIGGER "trend_entry_changes_reading" AFTER INSERT ON "web"."trend_entry"
FOR EACH ROW EXECUTE FUNCTION "web"."note_reading_of_pipeline"();
--> statement-breakpoint
CREATE FUNCTION "web"."note_reading_of_evaluation"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO web.reading_change (evaluation, study_instance_uid)
  SELECT evaluation, NEW.study_instance_uid FROM web.kept_evaluation WHERE evaluation = NEW.evaluation;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER "assignment_changes_reading" AFTER INSERT OR UPDATE ON "web"."assignment"
FOR EACH ROW EXECUTE FUNCTION "web"."note_reading_of_evaluation"();
--> statement-breakpoint
CREATE TRIGGER "allocation_changes_reading" AFTER INSERT ON "web"."allocation"
FOR EACH ROW EXECUTE FUNCTION "web"."note_reading_of_evaluation"();
--> statement-breakpoint
CREATE FUNCTION "web"."note_reading_of_answers"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO web.reading_change (evaluation, study_instance_uid)
  SELECT k.evaluation, r.study_instance_uid FROM web.kept_evaluation k, web.run r
  WHERE k.evaluation = NEW.evaluation AND r.id = NEW.run;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER "feedback_changes_reading" AFTER INSERT ON "web"."feedback"
FOR EACH ROW EXECUTE FUNCTION "web"."note_reading_of_answers"();
--> statement-breakpoint
INSERT INTO "web"."reader_load" (evaluation, arm, reader, cases)
SELECT x.evaluation, coalesce(l.arm, ''), x.reader, count(*) FROM web.assignment x
LEFT JOIN web.allocation l ON l.evaluation = x.evaluation AND l.study_instance_uid = x.study_instance_uid
WHERE x.released_at IS NULL GROUP BY 1, 2, 3;
--> statement-breakpoint
CREATE FUNCTION "web"."count_reader_load"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  own text := coalesce((SELECT arm FROM web.allocation l
    WHERE l.evaluation = NEW.evaluation AND l.study_instance_uid = NEW.study_instance_uid), '');
  had int := CASE WHEN TG_OP = 'UPDATE' AND OLD.released_at IS NULL THEN 1 ELSE 0 END;
  has int := CASE WHEN NEW.released_at IS NULL THEN 1 ELSE 0 END;
BEGIN
  INSERT INTO web.reader_load (evaluation, arm, reader, cases) VALUES (NEW.evaluation, own, NEW.reader, has - had)
  ON CONFLICT (evaluation, arm, reader) DO UPDATE SET cases = reader_load.cases + excluded.cases;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER "assignment_counts" AFTER INSERT OR UPDATE ON "web"."assignment"
FOR EACH ROW EXECUTE FUNCTION "web"."count_reader_load"();
--> statement-breakpoint
-- Exams that were given out before there were arms.
CREATE FUNCTION "web"."move_reader_load"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO web.reader_load (evaluation, arm, reader, cases)
  SELECT x.evaluation, moved.arm, x.reader, moved.cases FROM web.assignment x, (VALUES ('', -1), (NEW.arm, 1)) moved (arm, cases)
  WHERE x.evaluation = NEW.evaluation AND x.study_instance_uid = NEW.study_instance_uid AND x.released_at IS NULL
  ON CONFLICT (evaluation, arm, reader) DO UPDATE SET cases = reader_load.cases + excluded.cases;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER "allocation_moves_load" AFTER INSERT ON "web"."allocation"
FOR EACH ROW EXECUTE FUNCTION "web"."move_reader_load"();

CREATE SCHEMA "archive";
--> statement-breakpoint
CREATE TABLE "archive"."dispatch" (
	"study_instance_uid" text NOT NULL,
	"pipeline" text NOT NULL,
	"quiet_seconds" double precision NOT NULL,
	"due_at" timestamp (3) with time zone,
	"triggers" jsonb NOT NULL,
	"origin" jsonb NOT NULL,
	"on_demand" boolean NOT NULL,
	"last_run" text,
	"last_amends" text,
	"note" text,
	CONSTRAINT "dispatch_study_instance_uid_pipeline_pk" PRIMARY KEY("study_instance_uid","pipeline")
);
--> statement-breakpoint
CREATE TABLE "archive"."ingested" (
	"entry" text PRIMARY KEY NOT NULL
);
--> statement-breakpoint
CREATE TABLE "archive"."instance" (
	"sop_instance_uid" text PRIMARY KEY NOT NULL,
	"study_instance_uid" text NOT NULL,
	"series_instance_uid" text NOT NULL,
	"sop_class_uid" text NOT NULL,
	"transfer_syntax_uid" text NOT NULL,
	"data_set_sha256" text NOT NULL,
	"object_key" text NOT NULL,
	"object_sha256" text NOT NULL,
	"object_size" bigint NOT NULL,
	"called_ae_title" text NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL,
	"tags" jsonb NOT NULL,
	"own" boolean NOT NULL,
	"problem" text
);
--> statement-breakpoint
CREATE TABLE "archive"."outbox" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"run" text NOT NULL,
	"body" text NOT NULL,
	"triggers" jsonb NOT NULL,
	"submitted_at" timestamp (3) with time zone,
	"attempts" integer DEFAULT 0 NOT NULL,
	"next_attempt_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "archive"."patient" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"patient_id" text NOT NULL,
	"issuer" text NOT NULL,
	"name" text,
	"birth_date" text,
	"sex" text
);
--> statement-breakpoint
CREATE TABLE "archive"."quarantine" (
	"sha256" text PRIMARY KEY NOT NULL,
	"object_key" text NOT NULL,
	"object_size" bigint NOT NULL,
	"study_instance_uid" text,
	"sop_instance_uid" text,
	"reason" text NOT NULL,
	"called_ae_title" text NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "archive"."route_decision" (
	"study_instance_uid" text NOT NULL,
	"route" text NOT NULL,
	"pipeline" text NOT NULL,
	"matched" boolean NOT NULL,
	"held" integer NOT NULL,
	"reason" text NOT NULL,
	CONSTRAINT "route_decision_study_instance_uid_route_pk" PRIMARY KEY("study_instance_uid","route")
);
--> statement-breakpoint
CREATE TABLE "archive"."series" (
	"series_instance_uid" text NOT NULL,
	"study_instance_uid" text NOT NULL,
	"modality" text,
	"series_description" text,
	CONSTRAINT "series_study_instance_uid_series_instance_uid_pk" PRIMARY KEY("study_instance_uid","series_instance_uid")
);
--> statement-breakpoint
CREATE TABLE "archive"."study" (
	"study_instance_uid" text PRIMARY KEY NOT NULL,
	"patient" bigint NOT NULL,
	"accession_number" text,
	"study_description" text,
	"study_date" text,
	"study_time" text,
	"first_received_at" timestamp (3) with time zone NOT NULL,
	"last_received_at" timestamp (3) with time zone NOT NULL,
	"complete_at" timestamp (3) with time zone NOT NULL,
	"duplicates" integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
ALTER TABLE "archive"."instance" ADD CONSTRAINT "instance_study_instance_uid_study_study_instance_uid_fk" FOREIGN KEY ("study_instance_uid") REFERENCES "archive"."study"("study_instance_uid") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "archive"."series" ADD CONSTRAINT "series_study_instance_uid_study_study_instance_uid_fk" FOREIGN KEY ("study_instance_uid") REFERENCES "archive"."study"("study_instance_uid") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "archive"."study" ADD CONSTRAINT "study_patient_patient_id_fk" FOREIGN KEY ("patient") REFERENCES "archive"."patient"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "dispatch_due" ON "archive"."dispatch" USING btree ("due_at") WHERE "archive"."dispatch"."due_at" is not null;--> statement-breakpoint
CREATE INDEX "instance_study" ON "archive"."instance" USING btree ("study_instance_uid");--> statement-breakpoint
CREATE INDEX "outbox_next" ON "archive"."outbox" USING btree ("next_attempt_at");--> statement-breakpoint
CREATE UNIQUE INDEX "patient_identity" ON "archive"."patient" USING btree ("patient_id","issuer") WHERE "archive"."patient"."patient_id" <> '';--> statement-breakpoint
CREATE INDEX "quarantine_study" ON "archive"."quarantine" USING btree ("study_instance_uid");--> statement-breakpoint
CREATE INDEX "study_accession" ON "archive"."study" USING btree ("accession_number");--> statement-breakpoint
CREATE INDEX "study_patient" ON "archive"."study" USING btree ("patient");
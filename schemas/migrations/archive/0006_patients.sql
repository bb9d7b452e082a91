CREATE TABLE "archive"."patient_statement" (
	"id" uuid PRIMARY KEY NOT NULL,
	"change" jsonb NOT NULL,
	"author" text NOT NULL,
	"reason" text NOT NULL,
	"stated_at" timestamp (3) with time zone NOT NULL,
	"position" bigserial NOT NULL
);
--> statement-breakpoint
ALTER TABLE "archive"."patient" ADD COLUMN "made_by" uuid;--> statement-breakpoint
ALTER TABLE "archive"."patient" ADD COLUMN "merged_into" bigint;--> statement-breakpoint
ALTER TABLE "archive"."patient" ADD COLUMN "changed_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "archive"."study" ADD COLUMN "person" bigint;--> statement-breakpoint
UPDATE "archive"."study" SET "person" = "patient";--> statement-breakpoint
ALTER TABLE "archive"."study" ALTER COLUMN "person" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "archive"."patient" ADD CONSTRAINT "patient_merged_into_patient_id_fk" FOREIGN KEY ("merged_into") REFERENCES "archive"."patient"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "archive"."study" ADD CONSTRAINT "study_person_patient_id_fk" FOREIGN KEY ("person") REFERENCES "archive"."patient"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "study_person" ON "archive"."study" USING btree ("person");--> statement-breakpoint
ALTER TABLE "archive"."patient" ADD CONSTRAINT "patient_made_by_unique" UNIQUE("made_by");
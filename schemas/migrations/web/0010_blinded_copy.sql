CREATE TABLE "web"."blinded_copy" (
	"id" text PRIMARY KEY NOT NULL,
	"evaluation" text NOT NULL,
	"study_instance_uid" text NOT NULL,
	"source" text NOT NULL,
	"run" text NOT NULL,
	"structures" jsonb NOT NULL,
	"sha256" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "blinded_copy_once" UNIQUE("evaluation","study_instance_uid","source")
);

CREATE TABLE "connector"."forgotten" (
	"only" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"before" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "connector"."reader" (
	"name" text PRIMARY KEY NOT NULL,
	"position" bigint NOT NULL
);

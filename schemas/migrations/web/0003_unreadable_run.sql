CREATE TABLE "web"."unreadable_run" (
	"id" text PRIMARY KEY NOT NULL,
	"reason" text NOT NULL,
	"seen_at" timestamp with time zone NOT NULL
);

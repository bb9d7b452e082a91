CREATE TABLE "archive"."cursor" (
	"name" text PRIMARY KEY NOT NULL,
	"position" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "archive"."delivery" (
	"receiver" text NOT NULL,
	"sop_instance_uid" text NOT NULL,
	"run" text NOT NULL,
	"pipeline" text NOT NULL,
	"object" jsonb NOT NULL,
	"state" text NOT NULL,
	"reason" text,
	"attempts" integer DEFAULT 0 NOT NULL,
	"next_attempt_at" timestamp (3) with time zone NOT NULL,
	"requested_at" timestamp (3) with time zone NOT NULL,
	"sent_at" timestamp (3) with time zone,
	CONSTRAINT "delivery_receiver_sop_instance_uid_pk" PRIMARY KEY("receiver","sop_instance_uid")
);
--> statement-breakpoint
CREATE INDEX "delivery_next" ON "archive"."delivery" USING btree ("next_attempt_at") WHERE "archive"."delivery"."state" = 'waiting';--> statement-breakpoint
CREATE INDEX "delivery_run" ON "archive"."delivery" USING btree ("run");
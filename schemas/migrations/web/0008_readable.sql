ALTER TABLE "web"."run" ADD COLUMN "readable" boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX "feedback_by_stage" ON "web"."feedback" USING btree ("evaluation","stage","author","run");--> statement-breakpoint
CREATE INDEX "run_readable" ON "web"."run" USING btree ("pipeline","created_at") WHERE "web"."run"."readable";--> statement-breakpoint
UPDATE "web"."run" SET "readable" = true WHERE status = 'succeeded' AND jsonb_typeof(view->'result') = 'object' AND view->>'replayOf' IS NULL;
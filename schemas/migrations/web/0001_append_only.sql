-- What people did and answered is only ever added to: the database itself refuses to change or remove it.
CREATE FUNCTION "web"."refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of web.% are never changed or removed', TG_TABLE_NAME;
END
$$;
--> statement-breakpoint
CREATE TRIGGER "audit_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "web"."audit"
FOR EACH STATEMENT EXECUTE FUNCTION "web"."refuse_change"();
--> statement-breakpoint
CREATE TRIGGER "feedback_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "web"."feedback"
FOR EACH STATEMENT EXECUTE FUNCTION "web"."refuse_change"();

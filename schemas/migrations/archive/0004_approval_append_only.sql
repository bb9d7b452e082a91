-- What people decided is only ever added to: the database itself refuses to change or remove it.
CREATE FUNCTION "archive"."refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of archive.% are never changed or removed', TG_TABLE_NAME;
END
$$;
--> statement-breakpoint
CREATE TRIGGER "approval_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "archive"."approval"
FOR EACH STATEMENT EXECUTE FUNCTION "archive"."refuse_change"();

-- What people said about who is who is only ever added to.
CREATE TRIGGER "patient_statement_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "archive"."patient_statement"
FOR EACH STATEMENT EXECUTE FUNCTION "archive"."refuse_change"();

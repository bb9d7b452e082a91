-- Finds a part of a name or a number among many exams. A database whose account may not add the extension does without:
-- searching is slower there, and finds the same.
DO $$
BEGIN
  CREATE EXTENSION IF NOT EXISTS pg_trgm;
  CREATE INDEX "patient_name_search" ON "archive"."patient" USING gin ("name" gin_trgm_ops);
  CREATE INDEX "patient_id_search" ON "archive"."patient" USING gin ("patient_id" gin_trgm_ops);
  CREATE INDEX "study_accession_search" ON "archive"."study" USING gin ("accession_number" gin_trgm_ops);
  CREATE INDEX "study_description_search" ON "archive"."study" USING gin ("study_description" gin_trgm_ops);
EXCEPTION
  WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
    RAISE NOTICE 'pg_trgm cannot be had: searching exams goes without its indexes (%)', SQLERRM;
END
$$;

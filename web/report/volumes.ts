import { z } from 'zod';
import { IMPORT_PIPELINE } from '../../lib/runs/import.ts';
import type { Evaluation } from '../../schemas/evaluation.ts';
import { Slug } from '../../schemas/scalars.ts';
import type { Column } from '../csv.ts';
import type { Counted } from './counted.ts';
import { EXAM_COLUMNS, type Facts, factsOf, type Sources } from './exams.ts';

/** A structure of an exam, as the model and as a person has it. */
export interface VolumeRow extends Facts {
  readonly structure: string;
  readonly modelRun: string;
  readonly modelMl: number;
  readonly run: string;
  /** `edited`, or where an imported segmentation comes from. */
  readonly source: string;
  readonly author: string;
  readonly tool: string;
  readonly ml: number;
  readonly dice: number | null;
  readonly surfaceDistance95Mm: number | null;
  readonly minutes: number | null;
}

export const VolumeFilter = z.object({
  structure: z.string().max(80).optional(),
  source: z.string().max(80).optional(),
  arm: Slug.optional(),
});
export type VolumeFilter = z.infer<typeof VolumeFilter>;

const BATCH = 1000;

export const VOLUME_COLUMNS: readonly Column<VolumeRow>[] = [
  ...EXAM_COLUMNS,
  { name: 'structure', description: 'Name of the structure.', of: (row) => row.structure },
  { name: 'model_run', description: 'Id of the model’s run.', of: (row) => row.modelRun },
  { name: 'model_ml', description: 'The model’s volume, mL.', of: (row) => row.modelMl },
  { name: 'run', description: 'Id of the run that read and measured the person’s segmentation.', of: (row) => row.run },
  {
    name: 'source',
    description: 'edited: a reader’s edit of the model’s; else where it comes from: expert, novice …',
    of: (row) => row.source,
  },
  { name: 'author', description: 'Who made it.', of: (row) => row.author },
  { name: 'tool', description: 'What it was made with.', of: (row) => row.tool },
  { name: 'ml', description: 'The person’s volume, mL.', of: (row) => row.ml },
  { name: 'dice', description: 'Dice of an edit with the model’s, 0 to 1.', of: (row) => row.dice },
  {
    name: 'surface_distance_95_mm',
    description: '95 % surface distance of an edit to the model’s, mm.',
    of: (row) => row.surfaceDistance95Mm,
  },
  { name: 'minutes', description: 'How long it took to make, minutes.', of: (row) => row.minutes },
];

interface Row {
  readonly study_instance_uid: string;
  readonly model_run: string;
  readonly run: string;
  readonly source: string;
  readonly author: string;
  readonly tool: string;
  readonly minutes: number | null;
  readonly structure: string;
  readonly model_ml: number;
  readonly ml: number;
  readonly dice: number | null;
  readonly surface_distance: number | null;
}

/**
 * Volumes of people beside the model's on the run that counts: of each person and source the newest. An edit counts where
 * it began at that run, also by way of other edits; what it changed is told where it began there directly.
 */
export async function* volumeRows(
  sources: Sources,
  counted: Counted,
  evaluation: Evaluation,
  filter: VolumeFilter = {},
): AsyncGenerator<VolumeRow[]> {
  const { sql } = counted;
  const rows = sql<Row[]>`${counted.with},
    made as (
      select id, study_instance_uid, created_at, result, result->'imported'->>'author' as author,
        result->'imported'->>'edits' as edits,
        case when result->'imported' ? 'edits' then 'edited' else result->'imported'->>'source' end as source
      from (
        select id, study_instance_uid, created_at, view->'result' as result from web.run
        where pipeline = ${IMPORT_PIPELINE} and status = 'succeeded'
      ) imported where result->'imported'->>'pipeline' = ${evaluation.pipeline}
    ),
    begun as (
      select id, edits as at from made
      union all
      select begun.id, made.edits from begun join made on made.id = begun.at
    ),
    compared as (
      select distinct on (made.study_instance_uid, source, author) made.*, counted_run.exam, counted_run.id as model_run
      from made join counted_run using (study_instance_uid)
      where counted_run.status = 'succeeded'
        and (edits is null or exists (select from begun where begun.id = made.id and begun.at = counted_run.id))
      order by made.study_instance_uid, source, author, made.created_at desc, made.id desc
    )
    select compared.study_instance_uid, model_run, compared.id as run, source, author,
      result->'imported'->>'tool' as tool, (result->'imported'->>'minutes')::float8 as minutes,
      structure->>'name' as structure, (of_model->>'volumeMl')::float8 as model_ml, (structure->>'volumeMl')::float8 as ml,
      (change->>'dice')::float8 as dice, (change->>'surfaceDistance95Mm')::float8 as surface_distance
    from compared join web.run model on model.id = model_run
    cross join jsonb_array_elements(result->'structures') structure
    join lateral jsonb_array_elements(model.view->'result'->'structures') of_model on of_model->>'name' = structure->>'name'
    left join lateral jsonb_array_elements(result->'changes') change
      on change->>'name' = structure->>'name' and edits = model_run
    order by model.created_at, model_run, source, author, structure->>'name'`;
  for await (const batch of rows.cursor(BATCH)) {
    const facts = await factsOf(
      sources,
      batch.map((row) => row.study_instance_uid),
    );
    yield batch
      .map((row) => ({
        ...facts(row.study_instance_uid),
        structure: row.structure,
        modelRun: row.model_run,
        modelMl: row.model_ml,
        run: row.run,
        source: row.source,
        author: row.author,
        tool: row.tool,
        ml: row.ml,
        dice: row.dice,
        surfaceDistance95Mm: row.surface_distance,
        minutes: row.minutes,
      }))
      .filter(
        (row) =>
          (filter.structure === undefined || row.structure === filter.structure) &&
          (filter.source === undefined || row.source === filter.source),
      );
  }
}

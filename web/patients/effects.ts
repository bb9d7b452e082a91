import { and, eq, inArray } from 'drizzle-orm';
import type { PatientEffects } from '../../lib/archive/patients.ts';
import { canonicalJson, sha256 } from '../../lib/runs/canonical.ts';
import { run, trendEntry } from '../../schemas/database/web.ts';
import type { PatientPreview } from '../../schemas/patients.ts';
import type { Parts } from '../parts.ts';

type Sources = Pick<Parts, 'archive' | 'database' | 'evaluations'>;

/** What a change would do, with the trends and confirmed baselines that it touches. Call it before the change. */
export async function previewOf(parts: Sources, effects: PatientEffects): Promise<PatientPreview> {
  const { before, after, runs, deliveries } = effects;
  const [trends, baselines] = await Promise.all([trendsOf(parts, before.flat()), baselinesOf(parts, before)]);
  return { digest: digestOf(effects), before, after, trends, baselines, runs, deliveries };
}

/** What is equal as long as a change would do the same. */
export function digestOf({ before, after, runs }: PatientEffects): string {
  return sha256(canonicalJson({ before, after, runs }));
}

/** Pipelines that follow patients over time and have run on one of these exams. */
async function trendsOf({ database, evaluations }: Sources, studies: readonly string[]): Promise<string[]> {
  const followed = [...evaluations.values()].flatMap(({ trend, pipeline }) => (trend === undefined ? [] : [pipeline]));
  if (followed.length === 0 || studies.length === 0) return [];
  const rows = await database.db
    .selectDistinct({ pipeline: run.pipeline })
    .from(run)
    .where(and(inArray(run.studyInstanceUid, [...studies]), inArray(run.pipeline, followed)));
  return rows.map(({ pipeline }) => pipeline).sort();
}

/** Of each person and pipeline the baseline that a person confirmed and that still holds. */
async function baselinesOf(
  { archive, database }: Sources,
  persons: readonly (readonly string[])[],
): Promise<PatientPreview['baselines']> {
  const found: PatientPreview['baselines'] = [];
  for (const exams of persons) {
    const [first] = exams;
    if (first === undefined) continue;
    const rows = await database.db
      .select()
      .from(trendEntry)
      .where(and(inArray(trendEntry.studyInstanceUid, [...exams]), eq(trendEntry.kind, 'baseline')))
      .orderBy(trendEntry.createdAt, trendEntry.id);
    const changedAt = (await archive.examsOfPatient(first))[0]?.patientChangedAt ?? new Date(0);
    const newest = new Map(rows.filter(({ createdAt }) => createdAt > changedAt).map((row) => [row.pipeline, row]));
    for (const { pipeline, studyInstanceUid, author, createdAt } of newest.values()) {
      found.push({ pipeline, studyInstanceUid, author, confirmedAt: createdAt.toISOString() });
    }
  }
  return found;
}

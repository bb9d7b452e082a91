import { z } from 'zod';
import { Instant, Slug, Uid } from './scalars.ts';

/**
 * Somebody, said without anything that names a person: whom the images of an exam state, even where the exam was moved to
 * somebody else since; or somebody whom a statement made (its id).
 */
export const PersonReference = z.union([z.strictObject({ exam: Uid }), z.strictObject({ person: z.uuid() })]);
export type PersonReference = z.infer<typeof PersonReference>;

/** What somebody says about who is who. */
export const PatientChange = z.discriminatedUnion('kind', [
  /** Both are the same person, whose name and number are those of `into` (HL7 ADT A40). */
  z.strictObject({ kind: z.literal('merge'), merged: PersonReference, into: PersonReference }),
  /** The exam was filed under the wrong patient: it is of `to`, or of somebody who has no other exam here. */
  z.strictObject({ kind: z.literal('move'), exam: Uid, to: z.union([PersonReference, z.literal('new')]) }),
  /** An earlier statement, by its id, holds no more. */
  z.strictObject({ kind: z.literal('undo'), undoes: z.uuid() }),
]);
export type PatientChange = z.infer<typeof PatientChange>;

/** A statement about who is who; `patients/<id>.json` in the bucket `feedback`. Only ever added to. */
export const PatientStatement = z.object({
  /** Chosen by the sender: the same id again is the same statement. */
  id: z.uuid(),
  change: PatientChange,
  author: z.string(),
  reason: z.string(),
  statedAt: Instant,
});
export type PatientStatement = z.infer<typeof PatientStatement>;

/** Somebody, as a person at the PACS names them. PHI where it has a PatientID: in bodies of requests alone. */
export const NamedPatient = z.union([
  /** Whoever is known by this number of this issuer. An empty number is nobody's. */
  z.strictObject({
    patientId: z.string().trim().min(1).max(256),
    issuer: z.string().trim().max(256).default(''),
  }),
  /** Whoever the exam is of now. */
  z.strictObject({ exam: Uid }),
]);
export type NamedPatient = z.infer<typeof NamedPatient>;

const Asked = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('merge'), merged: NamedPatient, into: NamedPatient }),
  z.strictObject({ kind: z.literal('move'), exam: Uid, to: z.union([NamedPatient, z.literal('new')]) }),
  z.strictObject({ kind: z.literal('undo'), undoes: z.uuid() }),
]);
export type AskedChange = z.infer<typeof Asked>;

/** Body of `POST /api/v1/patients/preview`. */
export const PatientPreviewRequest = z.strictObject({ change: Asked });

/** Body of `POST /api/v1/patients/statements`. */
export const PatientSubmission = z.strictObject({
  id: z.uuid(),
  change: Asked,
  reason: z.string().trim().min(1, 'a reason is needed').max(2000, 'at most 2000 characters'),
  /** `digest` of the preview that was looked at: where it would be another one now, nothing is done. */
  preview: z.string().optional(),
});

/** A person before or after a change: their exams, by StudyInstanceUID, in order. */
const ExamsOfPerson = z.array(Uid);

/** What a statement changes, or would change. Without anything that names a person. */
export const PatientPreview = z.object({
  digest: z.string(),
  /** The exams of each person that it touches, as they are now. */
  before: z.array(ExamsOfPerson),
  /** And as they would be; of a merge the first exam's person is the one whose name and number hold. */
  after: z.array(ExamsOfPerson),
  /** Pipelines whose trends change. */
  trends: z.array(Slug),
  /** Baselines that a person confirmed and that have to be confirmed again. */
  baselines: z.array(z.object({ pipeline: Slug, studyInstanceUid: Uid, author: z.string(), confirmedAt: Instant })),
  /** Runs that are asked for, since a joined exam has none of a pipeline that follows its patients over time. */
  runs: z.array(z.object({ pipeline: Slug, studyInstanceUid: Uid })),
  /** Objects that wait for a receiver and are stopped for good, since they name the wrong patient then. */
  deliveries: z.int().nonnegative(),
});
export type PatientPreview = z.infer<typeof PatientPreview>;

/** A statement as lists show it. */
export const PatientStatementView = PatientStatement.extend({
  /** The statement that undid it; null: it holds. */
  undoneBy: z.uuid().nullable(),
});
export type PatientStatementView = z.infer<typeof PatientStatementView>;

/** Answer of `GET /api/v1/patients/statements`: newest first. */
export const PatientStatementList = z.object({ statements: z.array(PatientStatementView) });

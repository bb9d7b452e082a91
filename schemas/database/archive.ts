import { sql } from 'drizzle-orm';
import {
  type AnyPgColumn,
  bigint,
  bigserial,
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import type { ApprovalDecision } from '../approval.ts';
import type { TagValues } from '../archive.ts';
import type { ShownExams } from '../delivery.ts';
import type { PatientChange } from '../patients.ts';
import type { Trigger } from '../run.ts';
import type { ObjectReference } from '../store.ts';

/** Tables of `lib/archive`: the index of what the bucket `dicom` holds, and what is to be done about it. */
export const archive = pgSchema('archive');

const moment = (name: string) => timestamp(name, { withTimezone: true, mode: 'date', precision: 3 });

/**
 * A person, as identified by PatientID and its issuer. A patient without PatientID equals no other: one row a study, or one
 * for somebody whom a statement made.
 */
export const patient = archive.table(
  'patient',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    patientId: text('patient_id').notNull(),
    issuer: text('issuer').notNull(),
    name: text('name'),
    birthDate: text('birth_date'),
    sex: text('sex'),
    /** The statement that made them, where no image states them. */
    madeBy: uuid('made_by').unique(),
    /** Whose name and number hold for them since they were merged; null: their own. */
    mergedInto: bigint('merged_into', { mode: 'number' }).references((): AnyPgColumn => patient.id),
    /** When a statement last changed which exams they have; null: none did. */
    changedAt: moment('changed_at'),
  },
  (table) => [uniqueIndex('patient_identity').on(table.patientId, table.issuer).where(sql`${table.patientId} <> ''`)],
);

/**
 * What people said about who is who: merges, moves of exams, and what undid them. Only ever added to; `patient` and
 * `study` above follow it.
 */
export const patientStatement = archive.table('patient_statement', {
  /** Chosen by whoever says it, so that sending twice is harmless. */
  id: uuid('id').primaryKey(),
  change: jsonb('change').$type<PatientChange>().notNull(),
  author: text('author').notNull(),
  reason: text('reason').notNull(),
  statedAt: moment('stated_at').notNull(),
  /** The order in which they hold. */
  position: bigserial('position', { mode: 'number' }).notNull(),
});

export const study = archive.table(
  'study',
  {
    studyInstanceUid: text('study_instance_uid').primaryKey(),
    /** Whom its images state. */
    patient: bigint('patient', { mode: 'number' })
      .notNull()
      .references(() => patient.id),
    /** Whose it is: the same, unless people said that patients are one or that the exam is somebody else's. */
    person: bigint('person', { mode: 'number' })
      .notNull()
      .references(() => patient.id),
    accessionNumber: text('accession_number'),
    studyDescription: text('study_description'),
    studyDate: text('study_date'),
    studyTime: text('study_time'),
    firstReceivedAt: moment('first_received_at').notNull(),
    lastReceivedAt: moment('last_received_at').notNull(),
    /** The study counts as complete when no instance arrived until then. */
    completeAt: moment('complete_at').notNull(),
    /** Instances received again, recognised and left out. */
    duplicates: integer('duplicates').notNull().default(0),
  },
  (table) => [
    index('study_accession').on(table.accessionNumber),
    index('study_patient').on(table.patient),
    index('study_person').on(table.person),
  ],
);

export const series = archive.table(
  'series',
  {
    seriesInstanceUid: text('series_instance_uid').notNull(),
    studyInstanceUid: text('study_instance_uid')
      .notNull()
      .references(() => study.studyInstanceUid),
    modality: text('modality'),
    seriesDescription: text('series_description'),
  },
  (table) => [primaryKey({ columns: [table.studyInstanceUid, table.seriesInstanceUid] })],
);

/** An instance that counts: its object is in the store. */
export const instance = archive.table(
  'instance',
  {
    sopInstanceUid: text('sop_instance_uid').primaryKey(),
    studyInstanceUid: text('study_instance_uid')
      .notNull()
      .references(() => study.studyInstanceUid),
    seriesInstanceUid: text('series_instance_uid').notNull(),
    sopClassUid: text('sop_class_uid').notNull(),
    transferSyntaxUid: text('transfer_syntax_uid').notNull(),
    /** SHA-256 of the data set's bytes alone: the file meta information differs with every sender. */
    dataSetSha256: text('data_set_sha256').notNull(),
    objectKey: text('object_key').notNull(),
    objectSha256: text('object_sha256').notNull(),
    objectSize: bigint('object_size', { mode: 'number' }).notNull(),
    calledAETitle: text('called_ae_title').notNull(),
    receivedAt: moment('received_at').notNull(),
    /** Values of the tags that routes ask for. */
    tags: jsonb('tags').$type<TagValues>().notNull(),
    /** Made by Overread or imported as a result: never counts for a version, starts nothing. */
    own: boolean('own').notNull(),
    /** Why the instance cannot be read in full; null where it can. */
    problem: text('problem'),
  },
  (table) => [index('instance_study').on(table.studyInstanceUid)],
);

/** What was received and does not count until a person decides. */
export const quarantine = archive.table(
  'quarantine',
  {
    sha256: text('sha256').primaryKey(),
    objectKey: text('object_key').notNull(),
    objectSize: bigint('object_size', { mode: 'number' }).notNull(),
    /** Null where it names no valid one. */
    studyInstanceUid: text('study_instance_uid'),
    sopInstanceUid: text('sop_instance_uid'),
    /** A sentence a person understands, without PHI. */
    reason: text('reason').notNull(),
    calledAETitle: text('called_ae_title').notNull(),
    receivedAt: moment('received_at').notNull(),
  },
  (table) => [index('quarantine_study').on(table.studyInstanceUid)],
);

/**
 * What a route said of a study: of its instances the one that matches best decides. Born here, unlike what is above: it
 * stays when the index is rebuilt, and so does a dispatch.
 */
export const routeDecision = archive.table(
  'route_decision',
  {
    studyInstanceUid: text('study_instance_uid').notNull(),
    /** The route's name, or the called AE title that asks for a pipeline by itself. */
    route: text('route').notNull(),
    pipeline: text('pipeline').notNull(),
    matched: boolean('matched').notNull(),
    /** How many conditions held. */
    held: integer('held').notNull(),
    reason: text('reason').notNull(),
  },
  (table) => [primaryKey({ columns: [table.studyInstanceUid, table.route] })],
);

/** A study that goes to a pipeline. */
export const dispatch = archive.table(
  'dispatch',
  {
    studyInstanceUid: text('study_instance_uid').notNull(),
    pipeline: text('pipeline').notNull(),
    quietSeconds: doublePrecision('quiet_seconds').notNull(),
    /** When the study is complete for this pipeline, unless another instance comes; null: nothing is due. */
    dueAt: moment('due_at'),
    /** What asked for a run since the last one was made. */
    triggers: jsonb('triggers').$type<Trigger[]>().notNull(),
    /** What first asked: an amended run is made for the same cause. */
    origin: jsonb('origin').$type<Pick<Trigger, 'kind' | 'by'>>().notNull(),
    /** Sent to the pipeline's AE title: there is always a run. */
    onDemand: boolean('on_demand').notNull(),
    /** The newest run, and the one that it amends. */
    lastRun: text('last_run'),
    lastAmends: text('last_amends'),
    /** The models of the newest run, `<name>@<version>` of each, in order, with blanks between. */
    lastModels: text('last_models'),
    /** Why nothing came of it; null where a run was made or is due. */
    note: text('note'),
  },
  (table) => [
    primaryKey({ columns: [table.studyInstanceUid, table.pipeline] }),
    index('dispatch_due').on(table.dueAt).where(sql`${table.dueAt} is not null`),
  ],
);

/** Runs that were made and that the connector does not hold yet. */
export const outbox = archive.table(
  'outbox',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    run: text('run').notNull(),
    /** run.json. */
    body: text('body').notNull(),
    triggers: jsonb('triggers').$type<Trigger[]>().notNull(),
    /** When run.json and the triggers were put into the store. */
    submittedAt: moment('submitted_at'),
    attempts: integer('attempts').notNull().default(0),
    nextAttemptAt: moment('next_attempt_at').notNull(),
  },
  (table) => [index('outbox_next').on(table.nextAttemptAt)],
);

/**
 * Results on their way to receivers: one row for each object and receiver, for good, so that nothing is sent twice. Born
 * here: it stays when the index is rebuilt.
 */
export const delivery = archive.table(
  'delivery',
  {
    receiver: text('receiver').notNull(),
    sopInstanceUid: text('sop_instance_uid').notNull(),
    run: text('run').notNull(),
    pipeline: text('pipeline').notNull(),
    /** Null in rows of before versions were approved. */
    pipelineVersion: text('pipeline_version'),
    /** Other versions of the pipeline whose results the object shows: a clinical receiver needs the approval of each. */
    otherVersions: jsonb('other_versions').$type<string[]>().notNull().default([]),
    /** Without exams in rows of before they were written down. */
    shows: jsonb('shows').$type<ShownExams>().notNull().default({ exams: [] }),
    object: jsonb('object').$type<ObjectReference>().notNull(),
    /** `refused`: it must not go there; the reason says why. */
    state: text('state').$type<'waiting' | 'sent' | 'refused'>().notNull(),
    /** Why it was refused, or what went wrong the last time. */
    reason: text('reason'),
    attempts: integer('attempts').notNull().default(0),
    nextAttemptAt: moment('next_attempt_at').notNull(),
    requestedAt: moment('requested_at').notNull(),
    sentAt: moment('sent_at'),
  },
  (table) => [
    primaryKey({ columns: [table.receiver, table.sopInstanceUid] }),
    index('delivery_next').on(table.nextAttemptAt).where(sql`${table.state} = 'waiting'`),
    index('delivery_run').on(table.run),
  ],
);

/**
 * The last word of people on whether a pipeline's results on an exam count: none where nobody ever withdrew it. It follows
 * what they say on the web, in the same transaction, for the gateway, which reads no table of the web.
 */
export const withdrawal = archive.table(
  'withdrawal',
  {
    pipeline: text('pipeline').notNull(),
    studyInstanceUid: text('study_instance_uid').notNull(),
    kind: text('kind').$type<'withdrawn' | 'restored'>().notNull(),
    reason: text('reason').notNull(),
    saidAt: moment('said_at').notNull(),
    /** Of two words of one moment the one with the later id counts. */
    entry: uuid('entry').notNull(),
  },
  (table) => [primaryKey({ columns: [table.pipeline, table.studyInstanceUid] })],
);

/** Which version of a pipeline may go to clinical receivers, as people decided it. Only ever added to: the last word counts. */
export const approval = archive.table(
  'approval',
  {
    /** Chosen by whoever decides, so that sending twice is harmless. */
    id: uuid('id').primaryKey(),
    pipeline: text('pipeline').notNull(),
    pipelineVersion: text('pipeline_version').notNull(),
    decision: text('decision').$type<ApprovalDecision>().notNull(),
    author: text('author').notNull(),
    reason: text('reason').notNull(),
    decidedAt: moment('decided_at').notNull(),
    /** Of two at one moment the later. */
    position: bigserial('position', { mode: 'number' }).notNull(),
  },
  (table) => [index('approval_by_version').on(table.pipeline, table.pipelineVersion, table.position)],
);

/** How far the stored events have been dealt with: everything up to and with `position`. */
export const cursor = archive.table('cursor', {
  name: text('name').primaryKey(),
  position: bigint('position', { mode: 'number' }).notNull(),
});

/**
 * Entries of the spool whose outcome is written: what is killed between that and the removal of the entry would count it
 * twice. Emptied when the spool is empty.
 */
export const ingested = archive.table('ingested', {
  entry: text('entry').primaryKey(),
});

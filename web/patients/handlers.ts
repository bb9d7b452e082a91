import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { withPatience } from '../../lib/archive/patience.ts';
import { statementKey } from '../../lib/archive/patient-statements.ts';
import { PatientChangeError } from '../../lib/archive/patients.ts';
import { ProblemError } from '../../lib/platform/problem.ts';
import { canonicalJson } from '../../lib/runs/canonical.ts';
import { audit, outbox } from '../../schemas/database/web.ts';
import {
  type AskedChange,
  type PatientPreview,
  PatientPreviewRequest,
  type PatientStatement,
  type PatientStatementList,
  PatientSubmission,
} from '../../schemas/patients.ts';
import { Uid } from '../../schemas/scalars.ts';
import { requireFormToken } from '../accounts/gate.ts';
import { requireRight } from '../accounts/rights.ts';
import { jsonBody, parseOrRefuse } from '../api/parse.ts';
import { noteLook } from '../audit/looks.ts';
import { viewerOf } from '../pages/layout.ts';
import type { WebContext } from '../parts.ts';
import { listRuns } from '../runs/runs.ts';
import { digestOf, previewOf } from './effects.ts';
import { askedChange, type Entered, enteredIn, isMoveOfNoExam } from './form.ts';
import { patientsPage, previewPage } from './page.ts';

const NO_STUDY_INSTANCE_UID =
  'A StudyInstanceUID has digits and dots. “Of another patient?” on the exam’s page fills it in.';
const NOBODY_NAMED = 'Say who, by a number or an exam, on both sides.';

/** Runs whose open pages are told of a change. */
const MOST_TOLD = 1000;

/** `GET /patients`: merge two patients, move an exam, and all that was said. */
export async function getPatientsPage(c: WebContext) {
  requireRight(c, 'identify');
  return c.html(await page(c, {}));
}

/** `POST /patients/preview`: what a change would do, and the question whether to do it. */
export async function postPatientsPreview(c: WebContext) {
  requireRight(c, 'identify');
  const form = await c.req.parseBody();
  requireFormToken(c, form['form-token']);
  const change = PatientPreviewRequest.shape.change.safeParse(askedChange(form));
  const again = async (refusal: string) => c.html(await page(c, { refusal, entered: enteredIn(form) }), 422);
  if (!change.success) return again(isMoveOfNoExam(form) ? NO_STUDY_INSTANCE_UID : NOBODY_NAMED);
  const effects = await effectsOf(c, change.data).catch((error) => refusalOf(error));
  if (typeof effects === 'string') return again(effects);
  return c.html(await preview(c, change.data, effects));
}

/** `POST /patients`: does what was looked at. */
export async function postPatients(c: WebContext) {
  requireRight(c, 'identify');
  const form = await c.req.parseBody();
  requireFormToken(c, form['form-token']);
  const { id, reason, preview: looked } = form;
  const submission = PatientSubmission.safeParse({ id, reason, preview: looked, change: askedChange(form) });
  if (!submission.success)
    return c.html(await page(c, { refusal: 'Give a reason, on the page that shows what changes.' }), 422);
  const stated = await state(c, submission.data).catch((error) => refusalOf(error));
  if (typeof stated === 'string') return c.html(await page(c, { refusal: stated }), 422);
  return c.redirect(`/patients?said=${stated.statement.change.kind}`, 303);
}

/** `GET /api/v1/patients/statements` */
export async function getPatientStatements(c: WebContext) {
  requireRight(c, 'identify');
  return c.json({ statements: await c.var.parts.patients.list() } satisfies z.infer<typeof PatientStatementList>);
}

/** `POST /api/v1/patients/preview` */
export async function postPatientPreview(c: WebContext) {
  requireRight(c, 'identify');
  const { change } = parseOrRefuse(PatientPreviewRequest, await jsonBody(c), { status: 422, title: 'Not a change' });
  const effects = await effectsOf(c, change).catch((error) => refuse(error));
  await noteExams(c, effects.before.flat());
  return c.json((await previewOf(c.var.parts, effects)) satisfies PatientPreview);
}

/** `POST /api/v1/patients/statements`: 201 with the statement; 200 where it was sent before. */
export async function postPatientStatement(c: WebContext) {
  requireRight(c, 'identify');
  const submission = parseOrRefuse(PatientSubmission, await jsonBody(c), { status: 422, title: 'Not a change' });
  const { statement, isNew } = await state(c, submission).catch((error) => refuse(error));
  return c.json(statement satisfies PatientStatement, isNew ? 201 : 200);
}

const effectsOf = (c: WebContext, change: AskedChange) => c.var.parts.patients.preview(change);

/** Keeps a statement with the order to write it to the store and the audit, in one transaction; then tells open pages. */
async function state(c: WebContext, { id, change, reason, preview: looked }: z.infer<typeof PatientSubmission>) {
  const { parts, person } = c.var;
  const at = parts.now();
  const said = { id, change, reason, author: person.name, now: parts.now };
  const { statement, effects } = await withPatience(parts.database, async (transaction) => {
    const stated = await parts.patients.state(transaction, said);
    if (stated.effects === undefined) return stated;
    if (looked !== undefined && looked !== digestOf(stated.effects)) {
      const rule = 'It must do what was looked at; exams or runs have changed since. Look again.';
      throw new ProblemError(409, 'Changed in between', rule);
    }
    const body = canonicalJson(stated.statement);
    await transaction.insert(outbox).values({ key: statementKey(id), body, createdAt: at });
    const action = ACTIONS[stated.statement.change.kind];
    const rows = examsIn(stated.effects).map((subject) => ({
      at,
      actor: person.name,
      action,
      subject,
      detail: `statement ${id}`,
    }));
    await transaction.insert(audit).values(rows);
    return stated;
  });
  if (effects === undefined) {
    const same =
      statement.author === person.name && statement.reason === reason && statement.change.kind === change.kind;
    if (!same) throw new ProblemError(409, 'Already used', 'This id belongs to another statement. Choose a new one.');
    return { statement, isNew: false };
  }
  parts.answersSent();
  const runs = await listRuns(parts.database, { studies: examsIn(effects), limit: MOST_TOLD });
  for (const { id: run, studyInstanceUid } of runs) parts.live.announce({ run, studyInstanceUid });
  return { statement, isNew: true };
}

const ACTIONS = { merge: 'patients-merged', move: 'exam-moved', undo: 'patients-restored' } as const;

const examsIn = ({ before, after }: Pick<PatientPreview, 'before' | 'after'>) => [
  ...new Set([...before, ...after].flat()),
];

function refusalOf(error: unknown): string {
  if (error instanceof PatientChangeError) return error.message;
  throw error;
}

function refuse(error: unknown): never {
  throw new ProblemError(422, 'Not possible', refusalOf(error));
}

async function page(
  c: WebContext,
  { refusal, entered = {} }: { readonly refusal?: string; readonly entered?: Entered },
) {
  const { parts } = c.var;
  const exam = Uid.safeParse(c.req.query('study')).data;
  const said = c.req.query('said');
  const statements = await parts.patients.list();
  const done = said === 'merge' || said === 'move' || said === 'undo' ? said : undefined;
  return patientsPage(parts, viewerOf(c), {
    statements,
    refusal,
    entered: { ...(exam === undefined ? {} : { exam }), ...entered },
    said: done,
  });
}

async function preview(c: WebContext, change: AskedChange, effects: Awaited<ReturnType<typeof effectsOf>>) {
  const { parts } = c.var;
  const exams = await parts.archive.findExams(effects.before.flat());
  const shown = await previewOf(parts, effects);
  await noteExams(c, effects.before.flat());
  const held = { now: exams, later: effects.exams };
  return previewPage(parts, viewerOf(c), { change, preview: shown, exams: held, id: randomUUID() });
}

/** Whose exams these are is shown: that is a look at each of them. */
async function noteExams(c: WebContext, studies: readonly string[]): Promise<void> {
  for (const study of studies) await noteLook(c, 'patients-compared', study);
}

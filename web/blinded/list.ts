import { z } from 'zod';
import type { Evaluation } from '../../schemas/evaluation.ts';
import { Sha256, Slug, Uid, Version } from '../../schemas/scalars.ts';
import { may } from '../accounts/rights.ts';
import type { WebContext } from '../parts.ts';
import { giveOut } from '../reading/give-out.ts';
import { copiesFor, seenExams } from './copies.ts';
import { whyNoReader } from './readers.ts';

/** Answer of `GET /api/v1/copies`: what a blinded reader is to judge. */
export const CopyList = z.object({
  evaluations: z.array(
    z.object({
      evaluation: Slug,
      evaluationVersion: Version,
      /** Why the person cannot read here, and what to do about it; null where they can. */
      refused: z.string().nullable(),
      /** The longest waiting first; of each exam in the order in which this reader is given its copies. */
      exams: z.array(
        z.object({
          studyInstanceUid: Uid,
          copies: z.array(z.object({ id: Sha256, state: z.enum(['asked', 'sent', 'later']) })),
        }),
      ),
    }),
  ),
});
export type CopyList = z.infer<typeof CopyList>;

/** What waits for a reader of one evaluation with blinded reads. */
export interface BlindedList {
  readonly evaluation: Evaluation;
  readonly refused: string | undefined;
  readonly exams: CopyList['evaluations'][number]['exams'];
  /** Exams that the person is not asked about, having looked at a result of them before. */
  readonly seen: number;
}

const NONE: Awaited<ReturnType<typeof copiesFor>> = new Map();

const NOTHING: ReadonlySet<string> = new Set();

/** By evaluation, for who is its reader; who leads it is told nothing here. */
export async function blindedLists(c: WebContext): Promise<BlindedList[]> {
  const { parts, person } = c.var;
  const lists: BlindedList[] = [];
  for (const evaluation of parts.blinded.values()) {
    const { name } = evaluation;
    if (!may(person, 'read', name) || may(person, 'lead', name)) continue;
    const refused = whyNoReader(parts, person, evaluation);
    await giveOut(parts, evaluation);
    const found = refused === undefined ? await copiesFor(parts, evaluation, person.name) : NONE;
    const known = found.size === 0 ? NOTHING : await seenExams(parts.database, evaluation, person.name);
    const unseen = [...found].filter(([study]) => !known.has(study));
    const exams = unseen.map(([studyInstanceUid, copies]) => ({
      studyInstanceUid,
      copies: copies.map(({ copy, state }) => ({ id: copy.id, state })),
    }));
    lists.push({ evaluation, refused, exams, seen: found.size - unseen.length });
  }
  return lists;
}

/** The copy that is asked about next in a list; undefined where all were sent. */
export function nextIn(exams: BlindedList['exams']): string | undefined {
  return exams.flatMap(({ copies }) => copies).find(({ state }) => state === 'asked')?.id;
}

/** `GET /api/v1/copies` */
export async function getCopies(c: WebContext) {
  const evaluations = (await blindedLists(c)).map(({ evaluation, refused, exams }) => ({
    evaluation: evaluation.name,
    evaluationVersion: evaluation.version,
    refused: refused ?? null,
    exams: [...exams],
  }));
  return c.json({ evaluations } satisfies CopyList);
}

/** `GET /reading/<evaluation>/next` of blinded reads: goes on to the segmentation that is asked about, or back to the list. */
export async function getNextCopy(c: WebContext) {
  const list = (await blindedLists(c)).find(({ evaluation }) => evaluation.name === c.req.param('evaluation'));
  const next = nextIn(list?.exams ?? []);
  return c.redirect(next === undefined ? '/reading' : `/copies/${next}`, 303);
}

/** The copy that the person is asked about on one of these exams, where a PACS opened it. @param named by the PACS: of this evaluation alone */
export async function nextOnExams(
  c: WebContext,
  studies: readonly string[],
  named: string | undefined,
): Promise<string | undefined> {
  const lists = (await blindedLists(c)).filter(({ evaluation }) => named === undefined || evaluation.name === named);
  const exams = lists.flatMap((list) =>
    list.exams.filter(({ studyInstanceUid }) => studies.includes(studyInstanceUid)),
  );
  return nextIn(exams) ?? exams[0]?.copies[0]?.id;
}

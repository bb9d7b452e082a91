import { randomUUID } from 'node:crypto';
import { html } from 'hono/html';
import type { RunView } from '../../schemas/api.ts';
import { type Feedback, Stage } from '../../schemas/evaluation.ts';
import { examOf } from '../archive.ts';
import { type Html, type Viewer, viewerOf } from '../pages/layout.ts';
import type { WebContext } from '../parts.ts';
import { caseOf, revealedTo } from '../reading/case.ts';
import { participantOf } from '../reading/participant.ts';
import { standingOf } from '../reading/standing.ts';
import { runPage } from '../runs/page.ts';
import { newerOf, relatedRuns } from '../runs/runs.ts';
import { amendedRegion } from './amended.ts';
import { findDraft, isLocked, listFeedback, newestDraft } from './entries.ts';
import { fieldsOfAnswers } from './form.ts';
import { type FeedbackForm, feedbackForm, notAsked, sentFeedback } from './form-page.ts';
import { timePointsOf } from './time-points.ts';

/** Sentences that a page shows after it was sent somewhere else; `?notice=` names one. */
export const NOTICES: Readonly<Record<string, string>> = {
  saved: 'The draft is saved. It is not sent yet.',
  kept: 'You had signed in anew since the page was opened. Your answers are kept: look at them once more and send them.',
  'taken-over':
    'What you had entered about the earlier run is filled in. The images have changed: look at it once more.',
  changed: 'The form has changed since the page was opened. Your answers are kept where the questions are still asked.',
};

/** What a run asks of the person, and what they have sent; undefined where the run has no result or no evaluation. */
export async function formOfRun(c: WebContext, run: RunView, viewer: Viewer): Promise<Html | undefined> {
  const { parts, person } = c.var;
  const declared = parts.evaluations.get(run.pipeline);
  const { result } = run;
  if (declared === undefined || result === null) return undefined;
  const shown = await caseOf(parts, declared, run);
  const { evaluation } = shown;
  const standing = standingOf(evaluation, participantOf(person, evaluation), shown);
  const own = { evaluation: evaluation.name, author: person.name };
  const [sent, related] = await Promise.all([
    listFeedback(parts.database, { run: run.id, ...own }),
    relatedRuns(parts.database, run),
  ]);
  const newer = newerOf(run, related);
  const earlier = related.filter(({ createdAt }) => createdAt < run.createdAt).map(({ id }) => id);
  const begun = await newestDraft(parts.database, own, earlier);
  const takesOver = begun !== undefined && c.req.query('begun') === begun.run;
  const correcting = Stage.safeParse(c.req.query('correct')).data;
  const entered = async (stage: Stage, corrects: Feedback | undefined) => {
    const place = { run: run.id, evaluation: evaluation.name, author: person.name, stage };
    const draft = await findDraft(parts.database, place);
    const taken = takesOver && begun.stage === stage ? begun.fields : undefined;
    const timePoints = await timePointsOf(c, evaluation, run);
    const form = feedbackForm(viewer, {
      run: run.id,
      asked: { evaluation, result, stage, timePoints },
      id: randomUUID(),
      fields: draft?.fields ?? taken ?? fieldsOfAnswers(corrects?.answers ?? []),
      errors: new Map(),
      savedAt: draft?.savedAt.toISOString(),
      corrects,
      entries: shown.entries,
      notice: NOTICES[draft === undefined && taken !== undefined ? 'taken-over' : (c.req.query('notice') ?? '')],
    });
    if (newer === undefined || corrects !== undefined) return form;
    // What was begun goes on; who comes here now should see the newer run first.
    return html`<details class="of-earlier"${draft === undefined ? '' : html` open`}><summary>The form about the earlier run</summary>${form}</details>`;
  };
  const sentStages = Stage.options.filter((stage) => sent.some((entry) => entry.stage === stage));
  const corrected = sentStages.find((stage) => stage === correcting && !isLocked(evaluation, stage));
  const asksMore = corrected === undefined && standing.kind === 'asked';
  const sections = sentStages.flatMap((stage): Html[] => {
    const versions = sent.filter((entry) => entry.stage === stage);
    if (stage === corrected) return [entered(stage, versions.at(-1))];
    const isLast = corrected === undefined && !asksMore && stage === sentStages.at(-1);
    return [
      timePointsOf(
        c,
        evaluation,
        run,
        versions.flatMap(({ answers }) => answers),
      ).then((timePoints) => {
        const asked = { evaluation, result, stage, timePoints };
        const place = { run: run.id, author: person.name };
        return sentFeedback(place, asked, versions, { canCorrect: !isLocked(evaluation, stage), isLast });
      }),
    ];
  });
  // One form at a time: the keys and the address of the form are of that one.
  if (asksMore) sections.push(entered(standing.stage, undefined));
  if (standing.kind === 'not-asked' && sections.length === 0) sections.push(notAsked(viewer, evaluation, standing.why));
  const asked = standing.kind === 'asked' ? standing.stage : undefined;
  const { reading } = evaluation;
  return html`${amendedRegion({ run, newer, asked, begun: takesOver ? undefined : begun, reading })}${await Promise.all(sections)}`;
}

/** A run's page with this form in place of the one that is open. */
export async function pageWithForm(c: WebContext, run: RunView, form: FeedbackForm): Promise<Html> {
  const { parts } = c.var;
  const viewer = viewerOf(c);
  const [related, exam, revealed] = await Promise.all([
    relatedRuns(parts.database, run),
    examOf(parts, run.studyInstanceUid),
    revealedTo(parts, c.var.person, [run]),
  ]);
  const { asked } = form;
  const amended = { run, newer: newerOf(run, related), asked: asked.stage, begun: undefined };
  const feedback = html`${amendedRegion({ ...amended, reading: asked.evaluation.reading })}${feedbackForm(viewer, form)}`;
  return runPage(parts, viewer, { run, related, exam, feedback, withheld: !revealed.has(run.id) });
}

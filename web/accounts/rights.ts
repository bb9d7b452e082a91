import { ProblemError } from '../../lib/platform/problem.ts';
import { Right, type Role } from '../../schemas/rights.ts';
import type { WebContext } from '../parts.ts';
import type { Person } from './accounts.ts';

/** What each role may do. The one place that says so. */
export const RIGHTS: Readonly<Record<Role, readonly Right[]>> = {
  reader: ['view', 'read'],
  'quality-reviewer': ['view', 'review-quality'],
  'evaluation-lead': ['view', 'adjudicate', 'lead', 'export', 'approve', 'audit'],
  'pacs-administrator': ['view', 'quarantine', 'identify', 'retry-runs'],
  'ai-engineer': ['view', 'retry-runs', 'browse-data'],
  'data-scientist': ['view', 'export', 'retry-runs', 'browse-data'],
  administrator: Right.options,
};

/** Each role in a few words, for whoever grants it. */
export const ROLE_WORDS: Readonly<Record<Role, string>> = {
  reader: 'reader: sees results, answers forms',
  'quality-reviewer': 'quality reviewer: judges images before readers see them',
  'evaluation-lead': 'evaluation lead: progress, answers of all, reports, approval',
  'pacs-administrator': 'PACS administrator: quarantine, whose an exam is, tries runs again',
  'ai-engineer': 'AI engineer: browses the store, tries runs again',
  'data-scientist': 'data scientist: browses the store, exports tables',
  administrator: 'administrator: everything, accounts too',
};

/** Each right in a few words, for whoever gives it to a token. */
export const RIGHT_WORDS: Readonly<Record<Right, string>> = {
  view: 'see worklist, exams, results, images',
  read: 'answer forms as a reader',
  'review-quality': 'judge images before readers see them',
  adjudicate: 'settle what readers differ on',
  lead: 'see everybody’s answers, progress, reports',
  export: 'take tables out',
  approve: 'approve versions for clinical receivers',
  quarantine: 'decide about images in quarantine',
  identify: 'say whose an exam is: merge patients, move exams',
  'retry-runs': 'try runs again',
  'browse-data': 'browse the object store',
  audit: 'look into the audit',
  'manage-accounts': 'make accounts, grant roles',
};

/** Rights over what belongs to no evaluation: a grant for one evaluation does not give them. */
const OF_THE_SITE: ReadonlySet<Right> = new Set<Right>(['quarantine', 'identify', 'manage-accounts']);

/**
 * Whether a person may do something.
 *
 * @param evaluation name of the evaluation it is about; null: about what belongs to none, which needs a grant for all of
 *   them; left out: whether they may for any evaluation at all
 */
export function may(person: Person, right: Right, evaluation?: string | null): boolean {
  const { grants, scope } = person;
  const wanted = OF_THE_SITE.has(right) ? null : evaluation;
  const covers = (granted: string | null) => granted === null || wanted === undefined || granted === wanted;
  if (scope !== undefined && !(scope.rights.includes(right) && covers(scope.evaluation))) return false;
  return grants.some((grant) => RIGHTS[grant.role].includes(right) && covers(grant.evaluation));
}

/**
 * Whether a person may be a blinded reader of an evaluation: whoever can browse the buckets, or resolve who made what, is
 * none there, whatever else they are.
 */
export function mayReadBlinded(person: Person, evaluation: string): boolean {
  if (!may(person, 'read', evaluation)) return false;
  // What a token leaves out, its owner can still do.
  const whole = { ...person, scope: undefined };
  return !may(whole, 'browse-data', evaluation) && !may(whole, 'lead', evaluation);
}

/** @throws {ProblemError} 403: who asks may not do this (for this evaluation: see `may`) */
export function requireRight(c: Pick<WebContext, 'var'>, right: Right, evaluation?: string | null): void {
  if (may(c.var.person, right, evaluation)) return;
  const { grants } = c.var.person;
  if (grants.length === 0) {
    throw new ProblemError(403, 'Not allowed yet', 'You have no role here yet. Ask an administrator for one.');
  }
  const who = Object.entries(RIGHTS).flatMap(([role, rights]) => (rights.includes(right) ? [role] : []));
  throw new ProblemError(
    403,
    'Not allowed',
    `This needs the right “${right}”, which these roles have: ${who.join(', ')}.`,
  );
}

/** The evaluation of a pipeline, as `may` wants it: null where the pipeline has none. */
export function evaluationOf({ var: { parts } }: Pick<WebContext, 'var'>, pipeline: string): string | null {
  return parts.evaluations.get(pipeline)?.name ?? null;
}

/** Pipelines whose runs a person may do something with; undefined: those of all. */
export function pipelinesFor(c: Pick<WebContext, 'var'>, right: Right): readonly string[] | undefined {
  const { person, parts } = c.var;
  if (may(person, right, null)) return undefined;
  const evaluations = [...parts.evaluations.values()];
  return evaluations.filter(({ name }) => may(person, right, name)).map(({ pipeline }) => pipeline);
}

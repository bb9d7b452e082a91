import { z } from 'zod';

/** What somebody is; each is granted for all evaluations or for one. What each may do: `web/accounts/rights.ts`. */
export const Role = z.enum([
  'reader',
  'quality-reviewer',
  'evaluation-lead',
  'pacs-administrator',
  'ai-engineer',
  'data-scientist',
  'administrator',
]);
export type Role = z.infer<typeof Role>;

/** What somebody may do. */
export const Right = z.enum([
  /** See worklist, exams, results, images. */
  'view',
  /** Answer forms as a reader. */
  'read',
  /** Judge images before readers see them. */
  'review-quality',
  /** Settle a disagreement between readers. */
  'adjudicate',
  /** Lead an evaluation: everybody's answers, progress, reports, unblinding. */
  'lead',
  /** Take tables of results and answers out. */
  'export',
  /** Approve a pipeline version for clinical receivers, and withdraw that. */
  'approve',
  /** Decide what becomes of images in quarantine. */
  'quarantine',
  /** Say whose an exam is: merge patients, move exams. */
  'identify',
  /** Try a run again. */
  'retry-runs',
  /** Browse the object store, where sources stand in the clear. */
  'browse-data',
  /** Look into the audit. */
  'audit',
  /** Make accounts, grant roles. */
  'manage-accounts',
]);
export type Right = z.infer<typeof Right>;

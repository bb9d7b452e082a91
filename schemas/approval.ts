import { z } from 'zod';
import { Instant, Slug, Version } from './scalars.ts';

export const ApprovalDecision = z.enum(['approved', 'withdrawn']);
export type ApprovalDecision = z.infer<typeof ApprovalDecision>;

/**
 * Somebody's decision on whether results of a version of a pipeline may go to clinical receivers; `approvals/<id>.json` in
 * the bucket `feedback`, and an entry of `GET /api/v1/approvals`.
 */
export const Approval = z.object({
  /** Chosen by the sender: the same id again is the same decision. */
  id: z.uuid(),
  pipeline: Slug,
  pipelineVersion: Version,
  decision: ApprovalDecision,
  author: z.string(),
  reason: z.string(),
  decidedAt: Instant,
});
export type Approval = z.infer<typeof Approval>;

/** Body of `POST /api/v1/approvals`. */
export const ApprovalSubmission = z.strictObject({
  id: z.uuid(),
  pipeline: Slug,
  pipelineVersion: Version,
  decision: ApprovalDecision,
  reason: z.string().trim().min(1, 'a reason is needed').max(2000, 'at most 2000 characters'),
});

/** Answer of `GET /api/v1/approvals`: newest first. */
export const ApprovalList = z.object({ approvals: z.array(Approval) });

import { z } from 'zod';
import { Uid } from '../../schemas/scalars.ts';
import { requireRight } from '../accounts/rights.ts';
import type { WebContext } from '../parts.ts';
import { parseOrRefuse } from './parse.ts';

export const QuarantineQuery = z.object({
  studyInstanceUid: Uid.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

/** `GET /api/v1/quarantine` */
export async function getQuarantine(c: WebContext) {
  requireRight(c, 'view', null);
  const { studyInstanceUid: study, limit } = parseOrRefuse(QuarantineQuery, c.req.query());
  return c.json({ instances: await c.var.parts.archive.quarantinedInstances({ study, limit }) });
}

import { z } from 'zod';

/** An error as `application/problem+json` (RFC 9457). `detail` is a sentence for the person at the other end, without PHI. */
export const Problem = z.object({
  type: z.string().default('about:blank'),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  /** 422 only: the input is outside what the pipeline was made for; the run ends as `out-of-scope`, not `failed`. */
  outOfScope: z.boolean().optional(),
});
export type Problem = z.infer<typeof Problem>;

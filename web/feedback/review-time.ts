import { z } from 'zod';
import type { ReviewTime } from '../../schemas/evaluation.ts';

/** What `web/islands/review-time.ts` puts into the form: milliseconds, by the clock of the browser alone. */
const Counted = z.object({
  /** Since the form was opened. */
  opened: z.coerce.number().int().positive(),
  /** From opening to the first answer; empty: there was none. */
  'first-action': z.union([z.literal('').transform(() => null), z.coerce.number().int().nonnegative()]),
  /** Of that time the active part. */
  active: z.coerce.number().int().nonnegative(),
});

/**
 * How long somebody was at the form that they send, on the clock here: the browser says only how long ago things were.
 *
 * @returns null where it was not counted, or where the numbers contradict each other
 */
export function reviewTimeIn(fields: Readonly<Record<string, string>>, sentAt: Date): ReviewTime | null {
  const counted = Counted.safeParse(fields);
  if (!counted.success) return null;
  const { opened, active, 'first-action': first } = counted.data;
  if (active > opened || (first ?? 0) > opened) return null;
  const openedAt = sentAt.getTime() - opened;
  return {
    openedAt: new Date(openedAt).toISOString(),
    firstActionAt: first === null ? null : new Date(openedAt + first).toISOString(),
    activeSeconds: active / 1000,
    idleSeconds: (opened - active) / 1000,
  };
}

import { type Queuing, queueObject, type SentObject } from '../../lib/archive/deliveries.ts';
import { ProblemError } from '../../lib/platform/problem.ts';
import type { Parts } from '../parts.ts';

type Receivers = Parts['receivers'];

/** The receivers that a person chose, each once. @throws {ProblemError} 422: one that the site does not name */
export function receiversNamed({ receivers }: Pick<Parts, 'receivers'>, names: readonly string[]): Receivers {
  return [...new Set(names)].map((name) => {
    const receiver = receivers.find((one) => one.name === name);
    if (receiver !== undefined) return receiver;
    throw new ProblemError(422, 'Unknown receiver', 'The site’s file names no such receiver.');
  });
}

/**
 * Queues an object that a person sends for each of these receivers: in a transaction, all of them or none.
 *
 * @returns names of those for which it waits now and did not before
 * @throws {ProblemError} 422: one that must not have it
 */
export async function queueForAll(
  transaction: Queuing,
  sent: SentObject,
  { receivers, now }: { readonly receivers: Receivers; readonly now: Date },
): Promise<string[]> {
  const queued: string[] = [];
  for (const receiver of receivers) {
    const answer = await queueObject(transaction, sent, { receiver, now });
    if (typeof answer === 'object') throw new ProblemError(422, 'Not sent', answer.refusal);
    if (answer) queued.push(receiver.name);
  }
  return queued;
}

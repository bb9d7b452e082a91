import { unprocessable } from '../../lib/platform/problem.ts';
import type { ModelCard } from '../../schemas/model.ts';
import type { Model } from './define.ts';

/**
 * The card of a model of the kind that an operator can use.
 *
 * @throws {ProblemError} 422: the pipeline names a model of another kind
 */
export async function cardOf<Kind extends ModelCard['kind']>(
  model: Model,
  kind: Kind,
): Promise<Extract<ModelCard, { kind: Kind }>> {
  const card = await model.card();
  if (isOf(card, kind)) return card;
  throw unprocessable(`The step needs a ${kind} model; ${model.name} ${model.version} is a ${card.kind} model.`);
}

function isOf<Kind extends ModelCard['kind']>(card: ModelCard, kind: Kind): card is Extract<ModelCard, { kind: Kind }> {
  return card.kind === kind;
}

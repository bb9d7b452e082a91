import { unprocessable } from '../../lib/platform/problem.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { getVerified } from '../../lib/store/verified.ts';
import { ModelCard } from '../../schemas/model.ts';
import type { RunModel } from '../../schemas/run.ts';
import type { ObjectReference } from '../../schemas/store.ts';
import type { StageClock } from './clock.ts';
import type { Model } from './define.ts';

/** Models that a process keeps; the one not used for longest goes first. */
const KEPT = 8;

/** Card and weights by SHA-256: fetched at the first call, there at the next. */
export class ModelCache {
  readonly #store: ObjectStore;
  readonly #objects = new Map<string, Promise<Buffer>>();

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** The model of a run; nothing is fetched before it is asked for. */
  model(planned: RunModel, clock: StageClock): Model {
    const { name, version, sha256 } = planned;
    return {
      name,
      version,
      sha256,
      card: async () => {
        const card = ModelCard.parse(JSON.parse((await this.#object(planned.card, clock)).toString('utf8')));
        if (card.sha256 !== sha256) {
          throw unprocessable(`The card of model ${name} ${version} belongs to other weights than the run names.`);
        }
        return card;
      },
      weights: () => this.#object(planned.weights, clock),
    };
  }

  #object(reference: ObjectReference, clock: StageClock): Promise<Buffer> {
    const kept = this.#objects.get(reference.sha256);
    const object = kept ?? clock.during('fetch', () => getVerified(this.#store, reference));
    this.#objects.delete(reference.sha256);
    this.#objects.set(reference.sha256, object);
    if (kept === undefined) object.catch(() => this.#objects.delete(reference.sha256));
    const [oldest] = this.#objects.keys();
    if (this.#objects.size > 2 * KEPT && oldest !== undefined) this.#objects.delete(oldest);
    return object;
  }
}

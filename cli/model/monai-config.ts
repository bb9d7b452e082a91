import { z } from 'zod';
import { MonaiComponent } from '../../schemas/monai.ts';
import { ModelFolderError } from './error.ts';

/** A bundle's inference configuration, in which texts that begin with `@` stand for what another key holds. */
export class MonaiConfig {
  readonly #root: unknown;

  constructor(root: unknown) {
    this.#root = root;
  }

  /** A value with every `@reference` in it followed. Python (`$…`) stays as it is written; who needs it refuses it. */
  resolve(value: unknown, depth = 0): unknown {
    if (depth > 32) throw new ModelFolderError('The inference configuration refers to itself.');
    if (typeof value === 'string' && /^@[\w:#]+$/.test(value)) return this.resolve(this.#at(value.slice(1)), depth + 1);
    if (Array.isArray(value)) return value.map((each) => this.resolve(each, depth + 1));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, this.resolve(each, depth + 1)]));
  }

  /** Every component of one of these classes, wherever it stands, references followed. */
  components(...classes: readonly string[]): MonaiComponent[] {
    return componentsOf(this.#root)
      .filter((component) => classes.includes(className(component)))
      .map((component) => MonaiComponent.parse(this.resolve(component)));
  }

  /** The transforms of a chain that stands under one of these keys; undefined where none does. */
  transforms(...keys: readonly string[]): MonaiComponent[] | undefined {
    for (const key of keys) {
      const chain = Chain.safeParse(this.resolve(this.#at(key)));
      if (chain.success) return chain.data.transforms.filter((transform) => transform._disabled_ !== true);
    }
    return undefined;
  }

  #at(path: string): unknown {
    let value: unknown = this.#root;
    for (const key of path.split(/#|::/)) {
      value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
    }
    return value;
  }
}

const Chain = z.looseObject({ transforms: z.array(MonaiComponent) });

/** Name of the class without its module, `SlidingWindowInferer`; a transform's without the `d` of dictionaries. */
export function className({ _target_: target }: MonaiComponent): string {
  return target.split('.').at(-1) ?? target;
}

/** Names by which a transform may be known: as written, and without the ending of those that work on dictionaries. */
export function transformNames(component: MonaiComponent): string[] {
  const name = className(component);
  return [name, name.replace(/(d|D|Dict)$/, '')];
}

function componentsOf(value: unknown): MonaiComponent[] {
  if (typeof value !== 'object' || value === null) return [];
  const self = MonaiComponent.safeParse(value);
  return [...(self.success ? [self.data] : []), ...Object.values(value).flatMap(componentsOf)];
}

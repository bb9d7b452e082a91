import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DeployedFunction } from '../schemas/openfaas.ts';
import { isUnfinished, removeDurably, writeDurably } from './files.ts';

/** Deployments on the disk, a JSON file each: what a provider that was killed starts again. */
export class Deployments {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = path.join(folder, 'functions');
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
  }

  /** All of them. One that cannot be read stops the start: dropping it silently would lose a function. */
  read(): DeployedFunction[] {
    const files = readdirSync(this.#folder).filter((name) => !isUnfinished(name));
    return files.map((name) => {
      const file = path.join(this.#folder, name);
      try {
        return DeployedFunction.parse(JSON.parse(readFileSync(file, 'utf8')));
      } catch (error) {
        throw new Error(`The deployment ${file} cannot be read: remove the file and deploy again.`, { cause: error });
      }
    });
  }

  write(deployed: DeployedFunction): void {
    writeDurably(this.#file(deployed.deployment.service), `${JSON.stringify(deployed, null, 2)}\n`);
  }

  delete(name: string): void {
    removeDurably(this.#file(name));
  }

  #file(name: string): string {
    return path.join(this.#folder, `${name}.json`);
  }
}

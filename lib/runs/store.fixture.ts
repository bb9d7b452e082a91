import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openStore } from '../store/open.ts';
import type { ObjectStore } from '../store/store.ts';

/** An `fs` store in a folder of its own, empty again after each `close`, that tells what was put and what was read. */
export function aStore() {
  const folder = mkdtempSync(path.join(tmpdir(), 'overread-runs-'));
  const opened = openStore({ driver: 'fs', folder: path.join(folder, 'store'), journal: path.join(folder, 'journal') });
  const puts: string[] = [];
  const gets: string[] = [];
  const store = new Proxy<ObjectStore>(opened, {
    get: (target, property) => {
      if (property === 'put') {
        return async (...parameters: Parameters<ObjectStore['put']>) => {
          await target.prepare();
          puts.push(parameters[1]);
          return target.put(...parameters);
        };
      }
      if (property === 'get') {
        return (...parameters: Parameters<ObjectStore['get']>) => {
          gets.push(parameters[1]);
          return target.get(...parameters);
        };
      }
      const value = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const close = async () => {
    await opened.close();
    rmSync(folder, { recursive: true, force: true });
    puts.length = 0;
    gets.length = 0;
  };
  return { store, puts, gets, close };
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { ObjectEvent } from '../../schemas/store.ts';
import { storeContract } from './contract.fixture.ts';
import { FsStore } from './fs.ts';

const root = mkdtempSync(path.join(tmpdir(), 'overread-fs-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const configuration = { driver: 'fs', folder: path.join(root, 'store'), journal: path.join(root, 'journal') } as const;

describe('fs store', () => {
  storeContract(async () => {
    const [folder, journal] = [path.join(root, 'contract/store'), path.join(root, 'contract/journal')];
    const stores = [
      new FsStore({ driver: 'fs', folder, journal }),
      new FsStore({ driver: 'fs', folder, journal }),
    ] as const;
    await Promise.all(stores.map((each) => each.prepare()));
    return stores;
  });
});

/** Another process that puts objects of one letter each without end, and prints the key of each when it is stored. */
function startWriter(letter: string): ChildProcess {
  const program = `
    import { FsStore } from ${JSON.stringify(path.join(import.meta.dirname, 'fs.ts'))};
    const store = new FsStore(${JSON.stringify(configuration)});
    for (let number = 0; ; number++) {
      const key = '${letter}/' + number;
      await store.put('runs', key, Buffer.alloc(300_000, '${letter}'));
      process.stdout.write(key + '\\n');
    }`;
  return spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
}

describe('fs store with writers that are killed', () => {
  it('has every object whole, every object that was answered, and an event for each of these', async () => {
    const store = new FsStore(configuration);
    await store.prepare();
    const events: ObjectEvent[] = [];
    const subscription = await store.subscribe(
      async (event) => {
        events.push(event);
      },
      () => {},
    );
    const answered: string[] = [];
    for (const letter of ['a', 'b', 'c']) {
      const writer = startWriter(letter);
      let text = '';
      const isWell = new Promise<void>((resolve) => {
        writer.stdout?.on('data', (data) => {
          text += data;
          if (text.split('\n').length > 5) resolve();
        });
      });
      await isWell;
      writer.kill('SIGKILL');
      await once(writer, 'close');
      answered.push(...text.split('\n').slice(0, -1));
    }
    await store.put('runs', 'last', Buffer.from('x'));
    await until(() => events.some((event) => event.key === 'last'));
    await subscription.close();

    const heard = new Set(events.map((event) => event.key));
    for (const key of answered) {
      expect(await store.stat('runs', key), `object ${key}`).toBeDefined();
      expect(heard, `event of ${key}`).toContain(key);
    }
    for await (const { key } of store.list('runs', '')) {
      if (key === 'last') continue;
      expect((await store.get('runs', key)).equals(Buffer.alloc(300_000, key[0])), `object ${key} is whole`).toBe(true);
    }
  });
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(setImmediate);
}

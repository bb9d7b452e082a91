import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readdir, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectEvent } from '../../schemas/store.ts';
import { collect, listen } from './contract.fixture.ts';
import { FsStore } from './fs.ts';
import { StoreUnavailableError } from './store.ts';

const root = mkdtempSync(path.join(tmpdir(), 'overread-fs-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A store in a folder of that name below the test's. */
async function openFs(name: string): Promise<FsStore> {
  const store = new FsStore({
    driver: 'fs',
    folder: path.join(root, name, 'store'),
    journal: path.join(root, name, 'journal'),
  });
  await store.prepare();
  return store;
}

describe('fs store', () => {
  it('keeps an object under its key, for its owner and group only', async () => {
    const store = await openFs('modes');
    await store.put('dicom', 'patient/study/image', Buffer.from('x'));
    const folder = path.join(root, 'modes/store/dicom/patient');
    expect((await stat(path.join(folder, 'study/image'))).mode & 0o007).toBe(0);
    expect((await stat(folder)).mode & 0o007).toBe(0);
  });

  it('leaves no temporary file behind, of a put that failed either', async () => {
    const store = await openFs('temporary');
    await store.put('dicom', 'good', Buffer.from('x'));
    await expect(store.putFile('dicom', 'bad', path.join(root, 'absent'))).rejects.toThrow('ENOENT');
    expect(await readdir(path.join(root, 'temporary/store/.tmp'))).toEqual([]);
  });

  it('says what to do when nobody prepared it', async () => {
    const folder = path.join(root, 'unprepared');
    const store = new FsStore({ driver: 'fs', folder, journal: path.join(root, 'unprepared-journal') });
    await expect(store.put('dicom', 'a', Buffer.from('x'))).rejects.toThrow(
      new StoreUnavailableError(`The object store has no folder ${folder}: \`overread up\` makes it.`),
    );
  });

  it('removes what a dead process left unfinished, and leaves what another writes', async () => {
    const store = await openFs('abandoned');
    const temporary = path.join(root, 'abandoned/store/.tmp');
    await writeFile(path.join(temporary, 'old'), 'half');
    await utimes(path.join(temporary, 'old'), 1, 1);
    await writeFile(path.join(temporary, 'new'), 'half');
    await store.prepare();
    expect(await readdir(temporary)).toEqual(['new']);
  });

  it('lists no file that it has not made', async () => {
    const store = await openFs('strangers');
    await store.put('models', 'mine', Buffer.from('x'));
    await writeFile(path.join(root, 'strangers/store/models/Thumbs.db'), 'x');
    await mkdir(path.join(root, 'strangers/store/models/.git'));
    expect((await collect(store.list('models', ''))).map((each) => each.key)).toEqual(['mine']);
    expect(await collect(store.listPrefixes('models', ''))).toEqual([]);
  });
});

describe('fs events', () => {
  let store: FsStore;
  let journal: string;
  let number = 0;

  beforeEach(async () => {
    const name = `events-${number++}`;
    store = await openFs(name);
    journal = path.join(root, name, 'journal');
  });

  it('wait for a listener, in the order of their puts', async () => {
    for (let each = 0; each < 12; each++) await store.put('runs', `waiting/${each}`, Buffer.from('x'));
    expect(await readdir(journal)).toHaveLength(12);
    const heard = await hearAll(store, 12);
    expect(heard.map((event) => event.key)).toEqual(Array.from({ length: 12 }, (_, each) => `waiting/${each}`));
    expect(await readdir(journal)).toEqual([]);
  });

  it('that nobody took before the end come to the next listener', async () => {
    await store.put('runs', 'refused', Buffer.from('x'));
    const refusal = Promise.withResolvers<string>();
    const subscription = await store.subscribe(
      async (event) => {
        refusal.resolve(event.deduplicationKey);
        throw new Error('the database is away');
      },
      () => {},
    );
    const refused = await refusal.promise;
    await subscription.close();
    const [heard] = await hearAll(store, 1);
    expect(heard).toMatchObject({ key: 'refused', deduplicationKey: refused });
  });

  it('that name no object are a gap, and go', async () => {
    await symlink('nowhere', path.join(journal, '01700000000000-00000001-0badf00d'));
    await store.put('runs', 'after', Buffer.from('x'));
    let gaps = 0;
    const after = Promise.withResolvers<void>();
    const subscription = await store.subscribe(
      async () => after.resolve(),
      () => {
        gaps++;
      },
    );
    await after.promise;
    await subscription.close();
    expect(gaps).toBe(2);
    expect(await readdir(journal)).toEqual([]);
  });

  it('leave alone what is no event', async () => {
    await writeFile(path.join(journal, 'note.txt'), 'of a person');
    const ear = await listen(store);
    await ear.close();
    expect(await readdir(journal)).toEqual(['note.txt']);
  });
});

/** Everything heard until so many events came. */
async function hearAll(store: FsStore, count: number): Promise<readonly ObjectEvent[]> {
  const heard: ObjectEvent[] = [];
  const all = Promise.withResolvers<void>();
  const subscription = await store.subscribe(
    async (event) => {
      if (heard.push(event) === count) all.resolve();
    },
    () => {},
  );
  await all.promise;
  await subscription.close();
  return heard;
}

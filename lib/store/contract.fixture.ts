import { createHash } from 'node:crypto';
import { mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EVENT_BUCKETS, type ObjectEvent } from '../../schemas/store.ts';
import { ObjectNotFoundError, type ObjectStore, type ObjectSummary } from './store.ts';
import { getVerified } from './verified.ts';

/** Keys that a careless driver loses, mixes up or lets out of their bucket. */
const HOSTILE_KEYS = [
  ...['a b', ' lead', 'trail ', 'a+b', 'a%2Fb', '%', '100%25', '.hidden', '...', 'dot.', 'back\\slash', 'quote\'"`'],
  ...['A', 'aA', 'a', '0123', '1e5', 'CON', '-rf', '~', '*?[x]', 'a:b', 'x=1&y=2;z#f', '<b>&amp;', 'null'],
  ...['ü', 'u\u0308', '大腿骨', '\u{1F9B4}', '\uFFEE', 'right\u202Eleft', 'z\u200Dwj', '../x'.replaceAll('/', '\\')],
  ...['x'.repeat(255), `${'Q'.repeat(200)}!`, 'ü'.repeat(127), '\u{1F9B4}'.repeat(63)],
];

/** What is no key, and what the refusal says. */
const REFUSED_KEYS: readonly (readonly [string, string])[] = [
  ['', 'it is empty'],
  ['/a', 'a part between slashes is empty'],
  ['a//b', 'a part between slashes is empty'],
  ['a/', 'a part between slashes is empty'],
  ['..', 'a part between slashes is ".."'],
  ['a/../../b', 'a part between slashes is ".."'],
  ['a/./b', 'a part between slashes is "."'],
  ['nul\0', 'it holds a character that cannot be stored'],
  ['line\nbreak', 'it holds a character that cannot be stored'],
  ['half \uD83E', 'it holds a character that cannot be stored'],
  ['x'.repeat(256), 'a part between slashes is longer than 255 bytes'],
  [`${'x'.repeat(200)}/`.repeat(6), 'it is longer than 1024 bytes'],
];

/** Size of the big object, and how much memory it may take to store or read it (garbage not yet collected included), bytes. */
const BIG = 192 << 20;
const BIG_MEMORY = 128 << 20;

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const keysOf = async (summaries: AsyncIterable<ObjectSummary>) => (await collect(summaries)).map((each) => each.key);

/**
 * The tests that every driver passes. Called once in the driver's test file.
 *
 * @param openStores makes two independent stores, prepared, over the same fresh objects: as two processes have them
 */
export function storeContract(openStores: () => Promise<readonly [ObjectStore, ObjectStore]>): void {
  let store: ObjectStore;
  let other: ObjectStore;
  let folder: string;

  beforeAll(async () => {
    [store, other] = await openStores();
    folder = await mkdtemp(path.join(tmpdir(), 'overread-contract-'));
  });

  afterAll(async () => {
    await Promise.all([store?.close(), other?.close()]);
    await rm(folder, { recursive: true, force: true });
  });

  it('prepares twice', async () => {
    await expect(store.prepare()).resolves.toBeUndefined();
  });

  describe('an object', () => {
    it('comes back as it was put, and its reference names it', async () => {
      const body = Buffer.from('the bytes');
      const reference = await store.put('models', 'one/object', body, 'text/plain');
      expect(reference).toEqual({
        bucket: 'models',
        key: 'one/object',
        sha256: sha256(body),
        size: 9,
        contentType: 'text/plain',
      });
      expect(await other.get('models', 'one/object')).toEqual(body);
      expect(await buffer(await other.stream('models', 'one/object'))).toEqual(body);
      expect(await getVerified(other, reference)).toEqual(body);
    });

    it('has a size and a time', async () => {
      const before = Date.now() - 2000;
      await store.put('models', 'stat/object', Buffer.from('12345'));
      const found = await store.stat('models', 'stat/object');
      expect(found).toMatchObject({ bucket: 'models', key: 'stat/object', size: 5 });
      expect(found?.lastModified.getTime()).toBeGreaterThan(before);
    });

    it('may be empty, and is of unknown type where nobody says', async () => {
      const reference = await store.put('models', 'empty', new Uint8Array());
      expect(reference).toMatchObject({ size: 0, contentType: 'application/octet-stream' });
      expect(await store.get('models', 'empty')).toHaveLength(0);
    });

    it('is only the part of the memory that was given', async () => {
      await store.put('models', 'part', new Uint8Array([1, 2, 3, 4, 5]).subarray(1, 3));
      expect(await store.get('models', 'part')).toEqual(Buffer.from([2, 3]));
    });

    it('is replaced by a later put', async () => {
      await store.put('models', 'replaced', Buffer.from('first'));
      const { size } = await other.put('models', 'replaced', Buffer.from('second, longer'));
      expect((await store.get('models', 'replaced')).toString()).toBe('second, longer');
      expect((await store.stat('models', 'replaced'))?.size).toBe(size);
    });

    it('is not there before it is put and after it is removed', async () => {
      const missing = 'No object gone in bucket models.';
      await expect(store.get('models', 'gone')).rejects.toThrow(missing);
      await store.put('models', 'gone', Buffer.from('x'));
      await other.remove('models', 'gone');
      await other.remove('models', 'gone');
      await expect(store.get('models', 'gone')).rejects.toThrow(missing);
      await expect(store.stream('models', 'gone')).rejects.toBeInstanceOf(ObjectNotFoundError);
      expect(await store.stat('models', 'gone')).toBeUndefined();
    });

    it('is neither the folder of others nor below another', async () => {
      await store.put('models', 'folder/object', Buffer.from('x'));
      for (const absent of ['folder', 'folder/object/below']) {
        await expect(store.get('models', absent)).rejects.toBeInstanceOf(ObjectNotFoundError);
        await expect(store.stream('models', absent)).rejects.toBeInstanceOf(ObjectNotFoundError);
        expect(await store.stat('models', absent)).toBeUndefined();
        await store.remove('models', absent);
        const refusal = `An object cannot also be a folder of others: ${absent} in bucket models.`;
        await expect(store.put('models', absent, Buffer.from('y'))).rejects.toThrow(new RangeError(refusal));
      }
      expect((await store.get('models', 'folder/object')).toString()).toBe('x');
    });

    it('belongs to its bucket', async () => {
      await store.put('models', 'mine', Buffer.from('x'));
      expect(await store.stat('dicom', 'mine')).toBeUndefined();
    });
  });

  describe('a named object that is not what it was', () => {
    it('is refused', async () => {
      const reference = await store.put('models', 'changed', Buffer.from('as published'));
      await other.put('models', 'changed', Buffer.from('as tampered'));
      const message = 'Object changed in bucket models does not have its SHA-256 any more.';
      await expect(getVerified(store, reference)).rejects.toThrow(message);
    });
  });

  describe('keys', () => {
    it.each(HOSTILE_KEYS)('keeps %j as object and as folder', async (name) => {
      const [key, below] = [`hostile-object/${name}`, `hostile-folder/${name}/x`];
      await store.put('dicom', key, Buffer.from(key));
      await store.put('dicom', below, Buffer.from(below));
      expect((await other.get('dicom', key)).toString()).toBe(key);
      expect(await keysOf(other.list('dicom', key))).toContain(key);
      expect(await keysOf(other.list('dicom', `hostile-folder/${name}/`))).toEqual([below]);
    });

    it('keeps them apart and lists them in the order of their UTF-8 bytes', async () => {
      const sorted = HOSTILE_KEYS.map((name) => Buffer.from(`hostile-object/${name}`)).sort(Buffer.compare);
      expect(await keysOf(store.list('dicom', 'hostile-object/'))).toEqual(sorted.map(String));
      const folders = await collect(store.listPrefixes('dicom', 'hostile-folder/'));
      expect(folders.sort()).toEqual(HOSTILE_KEYS.map((name) => `hostile-folder/${name}/`).sort());
    });

    it.each(REFUSED_KEYS)('refuses %j', async (key, why) => {
      const refusal = new RangeError(`An object key must name one object of its bucket: ${why}.`);
      await expect(store.put('dicom', key, Buffer.from('x'))).rejects.toThrow(refusal);
      await expect(store.putFile('dicom', key, import.meta.filename)).rejects.toThrow(refusal);
      await expect(store.get('dicom', key)).rejects.toThrow(refusal);
      await expect(store.stat('dicom', key)).rejects.toThrow(refusal);
      await expect(store.remove('dicom', key)).rejects.toThrow(refusal);
    });

    it('refuses prefixes that leave the bucket or are no folder', async () => {
      await expect(keysOf(store.list('dicom', '../'))).rejects.toThrow('A prefix must begin a key');
      const half = collect(store.listPrefixes('dicom', 'half'));
      await expect(half).rejects.toThrow('A prefix of folders must be empty or end in "/".');
    });
  });

  describe('a listing', () => {
    const KEYS = ['a!b', 'a/b', 'a/c/d', 'a/c/e', 'a0', 'ab', 'b'];

    beforeAll(async () => {
      for (const key of KEYS) await store.put('models', `list/${key}`, Buffer.from(key));
    });

    it.each([
      ['list/', KEYS],
      ['list/a', KEYS.slice(0, -1)],
      ['list/a/', ['a/b', 'a/c/d', 'a/c/e']],
      ['list/a/c', ['a/c/d', 'a/c/e']],
      ['list/b', ['b']],
      ['list/nothing', []],
      ['nothing/at/all/', []],
    ])('holds what begins with %s', async (prefix, keys) => {
      expect(await keysOf(other.list('models', prefix))).toEqual(keys.map((key) => `list/${key}`));
    });

    it('says size and time', async () => {
      const [first] = await collect(store.list('models', 'list/a/c/e'));
      expect(first).toMatchObject({ bucket: 'models', key: 'list/a/c/e', size: 5 });
      const known = await store.stat('models', 'list/a/c/e');
      // S3 tells whole seconds of one object.
      expect(Math.abs(Number(first?.lastModified) - Number(known?.lastModified))).toBeLessThan(1000);
    });

    it.each([
      ['list/', ['list/a/']],
      ['list/a/', ['list/a/c/']],
      ['nothing/', []],
    ])('of folders below %s', async (prefix, folders) => {
      expect(await collect(other.listPrefixes('models', prefix))).toEqual(folders);
    });

    it('leaves out folders whose last object was removed', async () => {
      await store.put('models', 'left/deep/object', Buffer.from('x'));
      await store.remove('models', 'left/deep/object');
      expect(await collect(store.listPrefixes('models', 'left/'))).toEqual([]);
      expect(await collect(store.listPrefixes('models', ''))).not.toContain('left/');
    });

    it('goes on beyond a page, each key once, in order', { timeout: 60_000 }, async () => {
      const keys = Array.from({ length: 1100 }, (_, number) => `many/${String(number).padStart(5, '0')}`);
      for (let at = 0; at < keys.length; at += 50) {
        await Promise.all(keys.slice(at, at + 50).map((key) => store.put('models', key, Buffer.from(key))));
      }
      expect(await keysOf(store.list('models', 'many/'))).toEqual(keys);
    });

    it('may be left early', async () => {
      for await (const { key } of store.list('models', 'list/')) {
        expect(key).toBe('list/a!b');
        break;
      }
    });
  });

  describe('a file', () => {
    it('is stored with its digest', async () => {
      const file = path.join(folder, 'small');
      await writeFile(file, 'from a file');
      const reference = await store.putFile('models', 'file', file, 'text/plain');
      expect(reference).toMatchObject({
        size: 11,
        sha256: sha256(Buffer.from('from a file')),
        contentType: 'text/plain',
      });
      expect((await getVerified(other, reference)).toString()).toBe('from a file');
    });

    it('that is not there leaves no object', async () => {
      await expect(store.putFile('models', 'absent', path.join(folder, 'absent'))).rejects.toThrow('ENOENT');
      expect(await store.stat('models', 'absent')).toBeUndefined();
    });

    it('that is big passes through without filling memory, both ways', { timeout: 60_000 }, async () => {
      const file = path.join(folder, 'big');
      await writeFile(file, 'not only zeros');
      await truncate(file, BIG);
      const { result: reference, memory } = await peakOf(() => store.putFile('dicom', 'big', file));
      expect(reference.size).toBe(BIG);
      expect(memory, 'bytes of memory to store it').toBeLessThan(BIG_MEMORY);
      const read = await peakOf(async () => {
        const hash = createHash('sha256');
        for await (const chunk of await store.stream('dicom', 'big')) hash.update(chunk);
        return hash.digest('hex');
      });
      expect(read.result).toBe(reference.sha256);
      expect(read.memory, 'bytes of memory to read it').toBeLessThan(BIG_MEMORY);
    });

    it('may be read in part', async () => {
      const stream = await store.stream('dicom', 'big');
      for await (const chunk of stream) {
        expect(chunk.subarray(0, 14).toString()).toBe('not only zeros');
        break;
      }
      if (!stream.closed) await new Promise((resolve) => stream.once('close', resolve));
    });
  });

  describe('two writers of one key', () => {
    it('leave one whole object, and a reader never sees part of one', async () => {
      const bodies = ['A', 'B'].map((letter) => Buffer.alloc(1 << 20, letter));
      const whole = new Set(bodies.map(sha256));
      await store.put('models', 'raced', Buffer.alloc(1 << 20, 'A'));
      let isWriting = true;
      const writing = Promise.all(
        [store, other].flatMap((each) =>
          bodies.map(async (body) => {
            for (let turn = 0; turn < 5; turn++) await each.put('models', 'raced', body);
          }),
        ),
      ).finally(() => {
        isWriting = false;
      });
      while (isWriting) expect(whole).toContain(sha256(await other.get('models', 'raced')));
      await writing;
      expect(whole).toContain(sha256(await store.get('models', 'raced')));
    });
  });

  describe('events', () => {
    it('tell of each put in the buckets that have events, once each, in order, after one gap', async () => {
      const ear = await listen(other);
      const file = await open(path.join(folder, 'event'), 'w');
      await file.close();
      await store.put('dicom', 'events/silent', Buffer.from('x'));
      await store.put('models', 'events/silent', Buffer.from('x'));
      const bucketsInTurn = [...EVENT_BUCKETS, ...EVENT_BUCKETS];
      for (const [index, bucket] of bucketsInTurn.entries()) {
        await store.put(bucket, `events/${index} ü%+`, Buffer.from('x'));
        await ear.hears(index + 1);
      }
      await store.putFile('runs', 'events/file', path.join(folder, 'event'));
      const heard = await ear.hears(bucketsInTurn.length + 1);
      expect(heard.map((event) => `${event.bucket}/${event.key}`)).toEqual([
        ...bucketsInTurn.map((bucket, index) => `${bucket}/events/${index} ü%+`),
        'runs/events/file',
      ]);
      expect(new Set(heard.map((event) => event.deduplicationKey)).size).toBe(heard.length);
      for (const event of heard) expect(Math.abs(Date.parse(event.eventTime) - Date.now())).toBeLessThan(60_000);
      expect(ear.gaps()).toBe(1);
      await ear.close();
    });

    it('differ for two puts of one key, even of the same bytes', async () => {
      const ear = await listen(other);
      await store.put('runs', 'events/twice', Buffer.from('x'));
      await store.put('runs', 'events/twice', Buffer.from('x'));
      const [first, second] = await ear.hears(2);
      expect(second?.key).toBe(first?.key);
      expect(second?.deduplicationKey).not.toBe(first?.deduplicationKey);
      await ear.close();
    });

    it('come when the object can be read', async () => {
      const sizes: (number | undefined)[] = [];
      const ear = await listen(other, async (event) => {
        sizes.push((await other.stat(event.bucket, event.key))?.size);
      });
      await Promise.all(
        Array.from({ length: 20 }, (_, number) => store.put('results', `events/read/${number}`, Buffer.from('12345'))),
      );
      await ear.hears(20);
      expect(sizes).toEqual(Array(20).fill(5));
      await ear.close();
    });

    it('come again, with the same deduplication key and before later ones, when the listener refused', async () => {
      const refused: string[] = [];
      const ear = await listen(other, async (event) => {
        if (refused.length < 2) {
          refused.push(event.deduplicationKey);
          throw new Error('the database is away');
        }
      });
      await store.put('feedback', 'events/refused', Buffer.from('x'));
      await store.put('feedback', 'events/later', Buffer.from('x'));
      const heard = await ear.hears(2);
      expect(heard.map((event) => event.key)).toEqual(['events/refused', 'events/later']);
      expect(refused).toEqual([heard[0]?.deduplicationKey, heard[0]?.deduplicationKey]);
      await ear.close();
    });

    it('are handed over one at a time, and closing waits for the one in hand', async () => {
      let inHand = 0;
      let most = 0;
      const ear = await listen(other, async () => {
        most = Math.max(most, ++inHand);
        await new Promise(setImmediate);
        inHand--;
      });
      await Promise.all([1, 2, 3, 4].map((number) => store.put('runs', `events/slow/${number}`, Buffer.from('x'))));
      await ear.hears(4);
      await ear.close();
      expect({ most, inHand }).toEqual({ most: 1, inHand: 0 });
    });
  });
}

/** Everything that a listing yields. */
export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

/** What a test needs of a subscription. */
interface Ear {
  /** Resolves with everything heard when it is at least so many events. */
  hears(count: number): Promise<readonly ObjectEvent[]>;
  gaps(): number;
  /** Resolves when so many gaps were told. */
  hasGaps(count: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Subscribes, and collects each event that `listener` took. Events that earlier tests left unheard are taken first and
 * not collected.
 */
export async function listen(
  store: ObjectStore,
  listener: (event: ObjectEvent) => Promise<void> = async () => {},
): Promise<Ear> {
  const heard: ObjectEvent[] = [];
  let wake = () => {};
  let gaps = 0;
  let isDrained = () => {};
  const drained = new Promise<void>((resolve) => {
    isDrained = resolve;
  });
  const mark = `mark/${Math.random()}`;
  let isMarked = false;
  const subscription = await store.subscribe(
    async (event) => {
      if (isMarked) {
        await listener(event);
        heard.push(event);
        wake();
      } else if (event.key === mark) {
        isMarked = true;
        isDrained();
      }
    },
    () => {
      gaps++;
      wake();
    },
  );
  await store.put('runs', mark, new Uint8Array());
  await drained;
  const until = async (isSo: () => boolean) => {
    while (!isSo()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return {
    hears: async (count) => {
      await until(() => heard.length >= count);
      return heard;
    },
    gaps: () => gaps,
    hasGaps: (count) => until(() => gaps >= count),
    close: () => subscription.close(),
  };
}

/** Runs something and says how much the memory of this process grew meanwhile, bytes. */
async function peakOf<Result>(work: () => Promise<Result>): Promise<{ result: Result; memory: number }> {
  const before = process.memoryUsage.rss();
  let peak = before;
  const sampling = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 10);
  try {
    return { result: await work(), memory: peak - before };
  } finally {
    clearInterval(sampling);
  }
}

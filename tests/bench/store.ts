import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { openStore } from '../../lib/store/open.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { startMinio } from '../peers/minio.ts';

/** One line of the table: a time in ms, its median and 95th percentile over `count` repetitions. */
export interface StoreRow {
  readonly store: 'fs' | 's3';
  readonly what: string;
  readonly count: number;
  readonly medianMs: number;
  readonly p95Ms: number;
}

const SMALL = 4 * 1024;
const LARGE = 5 * 1024 * 1024;

/**
 * Measures durable puts and events of both stores, one after the other, each put alone. MinIO is left out where it cannot
 * be had.
 *
 * @param folder where the `fs` store is measured: on the disk that will hold the data
 */
export async function benchStore(folder: string): Promise<StoreRow[]> {
  const home = await mkdtemp(path.join(folder, 'bench-store-'));
  const minio = await startMinio();
  try {
    const rows = await measure(
      openStore({ driver: 'fs', folder: path.join(home, 'store'), journal: path.join(home, 'journal') }),
    );
    if (minio === undefined) return rows;
    const { endpoint, accessKey, secretKey } = minio;
    return [...rows, ...(await measure(openStore({ driver: 's3', endpoint, accessKey, secretKey, bucketPrefix: '' })))];
  } finally {
    await minio?.stop();
    await rm(home, { recursive: true, force: true });
  }
}

async function measure(store: ObjectStore): Promise<StoreRow[]> {
  await store.prepare();
  const put = await timesOf(200, SMALL, (body, index) => store.put('dicom', `bench/small/${index}`, body));
  const large = await timesOf(30, LARGE, (body, index) => store.put('dicom', `bench/large/${index}`, body));
  const step = await timesOf(200, SMALL, (body, index) => store.put('runs', `bench/steps/${index}/1/output`, body));
  const events = await eventTimes(store);
  await store.close();
  return [
    row(store, 'put 4 KB', put),
    row(store, 'put 5 MB', large),
    row(store, 'put 4 KB in a new folder, with its event', step),
    row(store, 'from the end of a put to its event', events),
  ];
}

/** Times of puts, ms. The first, which opens connections and makes folders, does not count. */
async function timesOf(count: number, size: number, put: (body: Buffer, index: number) => Promise<unknown>) {
  const times: number[] = [];
  for (let index = 0; index <= count; index++) {
    const body = randomBytes(size);
    const start = performance.now();
    await put(body, index);
    if (index > 0) times.push(performance.now() - start);
  }
  return times;
}

async function eventTimes(store: ObjectStore): Promise<number[]> {
  const times: number[] = [];
  let heard = Promise.withResolvers<number>();
  let awaited = '';
  const subscription = await store.subscribe(
    async (event) => {
      if (event.key === awaited) heard.resolve(performance.now());
    },
    () => {},
  );
  for (let index = 0; index < 100; index++) {
    heard = Promise.withResolvers();
    awaited = `bench/event/${index}`;
    await store.put('results', awaited, randomBytes(SMALL));
    const end = performance.now();
    // An event may be there before its put has returned: that is no wait.
    times.push(Math.max(0, (await heard.promise) - end));
  }
  await subscription.close();
  return times;
}

function row(store: ObjectStore, what: string, times: readonly number[]): StoreRow {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => Number((sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(2));
  return { store: store.driver, what, count: times.length, medianMs: at(0.5), p95Ms: at(0.95) };
}

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Spool } from './spool.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'overread-spool-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function opened(): Promise<Spool> {
  const spool = new Spool(folder);
  await spool.open();
  return spool;
}

async function add(spool: Spool, text: string) {
  const draft = await spool.begin();
  await draft.write([Buffer.from(text)]);
  return draft.commit();
}

const contents = (spool: Spool) => [...spool.pending()].map(({ file }) => readFileSync(file, 'utf8'));

describe('Spool', () => {
  it('gives entries in the order of their reception, also to the next process', async () => {
    const spool = await opened();
    for (const text of ['first', 'second', 'third']) await add(spool, text);
    expect(contents(spool)).toEqual(['first', 'second', 'third']);
    expect(contents(await opened())).toEqual(['first', 'second', 'third']);
  });

  it('keeps the moment of the reception', async () => {
    const { receivedAt } = await add(await opened(), 'x');
    expect(Math.abs(receivedAt.getTime() - Date.now())).toBeLessThan(5000);
    expect((await opened()).oldest()?.receivedAt).toEqual(receivedAt);
  });

  it('lets no other account read what was received', async () => {
    const { file } = await add(await opened(), 'x');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
    expect(statSync(path.join(folder, 'incoming')).mode & 0o777).toBe(0o700);
  });

  it('announces an entry when it is there', async () => {
    const spool = await opened();
    const seen: number[] = [];
    spool.onEntry(() => seen.push(spool.depth));
    await add(spool, 'x');
    expect(seen).toEqual([1]);
  });

  it('forgets an entry, once or twice', async () => {
    const spool = await opened();
    const entry = await add(spool, 'x');
    await spool.remove(entry);
    await spool.remove(entry);
    expect(spool.depth).toBe(0);
    expect((await opened()).depth).toBe(0);
  });

  it('writes several pieces at once, long ones too', async () => {
    const spool = await opened();
    const pieces = Array.from({ length: 1500 }, (_, index) => Buffer.alloc(1 + (index % 700), index));
    const draft = await spool.begin();
    await draft.write(pieces);
    const { file } = await draft.commit();
    expect(readFileSync(file).equals(Buffer.concat(pieces))).toBe(true);
  });
});

describe('a spool whose process was killed', () => {
  it('before the instance was whole: forgets it', async () => {
    const draft = await (await opened()).begin();
    await draft.write([Buffer.from('half')]);
    const next = await opened();
    expect(next.depth).toBe(0);
    expect(readdirSync(path.join(folder, 'incoming'))).toEqual([]);
    await draft.discard();
  });

  it('after the rename: has the entry, whether it was answered or not', async () => {
    await add(await opened(), 'whole');
    expect(contents(await opened())).toEqual(['whole']);
  });

  it('leaves alone what is not its own', async () => {
    await opened();
    writeFileSync(path.join(folder, 'entries', 'README'), 'not an entry');
    const next = await opened();
    expect(next.depth).toBe(0);
    expect(readdirSync(path.join(folder, 'entries'))).toEqual(['README']);
  });
});

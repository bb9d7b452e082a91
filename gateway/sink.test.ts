import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Spool } from '../lib/archive/spool.ts';
import { BACKLOG_LIMIT, SpoolSink } from './sink.ts';

const HEAD = Buffer.from('head');

let folder: string;
let spool: Spool;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'overread-sink-'));
  spool = new Spool(folder);
  await spool.open();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const incoming = () => readdirSync(path.join(folder, 'incoming'));

/** A spool on a disk that is full from the byte `after` on. */
function fullAfter(bytes: number): Spool {
  const begin = spool.begin.bind(spool);
  vi.spyOn(spool, 'begin').mockImplementation(async () => {
    const draft = await begin();
    const write = draft.write.bind(draft);
    let written = 0;
    vi.spyOn(draft, 'write').mockImplementation(async (chunks) => {
      written += chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      if (written > bytes) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      await write(chunks);
    });
    return draft;
  });
  return spool;
}

describe('SpoolSink', () => {
  it('puts head and data set into the spool, in the order of the writes', async () => {
    const sink = new SpoolSink(spool, HEAD, { relieved: () => {}, violated: () => {} });
    const parts = Array.from({ length: 500 }, (_, index) => Buffer.alloc(1000, index));
    for (const part of parts) expect(sink.write(part), 'never asks the library to wait').toBe(true);
    sink.end();
    await sink.finished();
    expect(sink.isDurable).toBe(true);
    const [entry] = spool.pending();
    expect(readFileSync(entry?.file ?? '').equals(Buffer.concat([HEAD, ...parts]))).toBe(true);
    expect(incoming()).toEqual([]);
  });

  it('says when it is full and when it has room again', async () => {
    const relieved = vi.fn();
    const sink = new SpoolSink(spool, HEAD, { relieved, violated: () => {} });
    sink.write(Buffer.alloc(BACKLOG_LIMIT));
    expect(sink.isFull).toBe(false);
    sink.write(Buffer.alloc(1));
    expect(sink.isFull).toBe(true);
    await vi.waitFor(() => expect(relieved).toHaveBeenCalled());
    expect(sink.isFull).toBe(false);
    sink.destroy();
    await sink.finished();
  });

  it.each([0, 4, 5000])(
    'leaves nothing behind when the disk is full after %i bytes, and takes the rest without complaint',
    async (bytes) => {
      const sink = new SpoolSink(fullAfter(bytes), HEAD, { relieved: () => {}, violated: () => {} });
      for (let index = 0; index < 10; index++) expect(sink.write(Buffer.alloc(1000))).toBe(true);
      sink.end();
      await sink.finished();
      expect(sink.isDurable).toBe(false);
      expect(sink.refusal).toMatchObject({ code: 'ENOSPC' });
      expect(spool.depth).toBe(0);
      expect(incoming()).toEqual([]);
    },
  );

  it('removes what it has when the association is lost', async () => {
    const sink = new SpoolSink(spool, HEAD, { relieved: () => {}, violated: () => {} });
    sink.write(Buffer.alloc(100_000));
    sink.destroy();
    await sink.finished();
    expect(sink.isDurable).toBe(false);
    expect(incoming()).toEqual([]);
    expect(spool.depth).toBe(0);
  });

  it('tells of bytes that come after the end, and still sees the instance through', async () => {
    const violated = vi.fn();
    const sink = new SpoolSink(spool, HEAD, { relieved: () => {}, violated });
    sink.write(Buffer.from('data'));
    sink.end();
    sink.write(Buffer.from('more'));
    await sink.finished();
    expect(violated).toHaveBeenCalledWith(expect.objectContaining({ code: 'ERR_STREAM_WRITE_AFTER_END' }));
    for (const { file } of spool.pending()) expect(readFileSync(file, 'utf8')).toBe('headdata');
    expect(incoming()).toEqual([]);
  });
});

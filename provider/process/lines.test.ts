import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { forEachLine } from './lines.ts';

async function linesOf(...chunks: (string | Uint8Array)[]): Promise<string[]> {
  const stream = new PassThrough();
  const lines: string[] = [];
  forEachLine(stream, (line) => lines.push(line));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await once(stream, 'end');
  return lines;
}

describe('forEachLine', () => {
  it('puts lines together that come in pieces, characters too', async () => {
    const bytes = Buffer.from('Hüfte\n');
    expect(await linesOf('one\ntw', 'o\r\n', '\n', bytes.subarray(0, 2), bytes.subarray(2), 'no end')).toEqual([
      'one',
      'two',
      'Hüfte',
      'no end',
    ]);
  });

  it('hands on in pieces what never ends', async () => {
    const lines = await linesOf(...Array.from({ length: 10 }, () => 'x'.repeat(10_000)));
    expect(lines.length).toBeGreaterThan(3);
    expect(lines.join('')).toBe('x'.repeat(100_000));
  });
});

import type { Readable } from 'node:stream';

/** A longer line is handed on in pieces, so that a function that never ends its line does not fill our memory. */
const LONGEST_LINE = 16_384;

/** Calls `onLine` for each line of text that `stream` carries, without its end; blank lines are left out. */
export function forEachLine(stream: Readable, onLine: (line: string) => void): void {
  let rest = '';
  const emit = (line: string) => {
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (text !== '') onLine(text);
  };
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) emit(line);
    if (rest.length > LONGEST_LINE) {
      emit(rest);
      rest = '';
    }
  });
  stream.on('end', () => emit(rest));
}

import { describe, expect, it } from 'vitest';
import { partsOf } from './received.ts';

const message = (...lines: string[]) => Buffer.from(lines.join('\r\n'), 'latin1');
const HEAD = 'Content-Type: application/dicom';

describe('partsOf', () => {
  it('gives the bodies, whatever bytes they hold', () => {
    const body = message(
      'a preamble',
      '--b',
      HEAD,
      '',
      'first\r\n--',
      '--b',
      'Content-Length: 3',
      HEAD,
      '',
      '\0\xff\n',
      '--b--',
      '',
    );
    expect(partsOf(body, 'b').map((part) => part.toString('latin1'))).toEqual(['first\r\n--', '\0\xff\n']);
  });

  it('gives none where the message has none', () => expect(partsOf(message('--b--'), 'b')).toEqual([]));

  it.each([
    ['no boundary', message('nothing')],
    ['no end', message('--b', HEAD, '', 'first')],
    ['no end of its headers', message('--b', HEAD)],
    ['no last boundary', message('--b', HEAD, '', 'first', '--b')],
    ['another type', message('--b', 'Content-Type: application/dicom+json', '', '[]', '--b--')],
    ['too many parts', message(...Array.from({ length: 20 }, () => ['--b', HEAD, '', 'x']).flat(), '--b--')],
  ])('refuses %s', (_, body) => expect(() => partsOf(body, 'b')).toThrow(/multipart/));
});

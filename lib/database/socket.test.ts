import { describe, expect, it } from 'vitest';
import { lastWords } from './socket.ts';

/** An ErrorResponse as PostgreSQL sends it. */
function errorResponse(severity: string): Buffer {
  const fields = Buffer.from(`S${severity}\0V${severity}\0C57P01\0Mterminating connection\0Fpostgres.c\0\0`);
  const header = Buffer.from([0x45, 0, 0, 0, 0]);
  header.writeUInt32BE(fields.length + 4, 1);
  return Buffer.concat([header, fields]);
}

describe('the last words of a server', () => {
  it('are found alone and behind other messages', () => {
    expect(lastWords(errorResponse('FATAL'))).toMatchObject({
      start: 0,
      error: { code: '57P01', severity: 'FATAL', message: 'terminating connection' },
    });
    const ready = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
    expect(lastWords(Buffer.concat([ready, errorResponse('FATAL')]))?.start).toBe(ready.length);
  });

  it('are not seen in other errors, nor in data that only look like them', () => {
    expect(lastWords(errorResponse('ERROR'))).toBeUndefined();
    expect(lastWords(Buffer.concat([errorResponse('FATAL'), Buffer.from('more')]))).toBeUndefined();
    expect(lastWords(Buffer.from('D\0\0\0\x20SFATAL\0VFATAL\0'))).toBeUndefined();
    expect(lastWords(Buffer.alloc(0))).toBeUndefined();
  });
});

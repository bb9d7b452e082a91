import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { streamOf } from '../stream.ts';

/** One part of a `multipart/related` answer. */
export interface Part {
  /** Media type, `application/dicom`. */
  readonly type: string;
  readonly transferSyntaxUid?: string;
  readonly body: Uint8Array | Readable;
}

/**
 * A `multipart/related` answer (RFC 2387) that is sent as its parts come.
 *
 * @param type media type of the parts, of the first one where they differ
 * @param headers of the answer
 */
export function multipart(type: string, parts: AsyncIterable<Part>, headers: Record<string, string> = {}): Response {
  const boundary = randomBytes(16).toString('hex');
  const contentType = `multipart/related; type="${type}"; boundary=${boundary}`;
  return new Response(streamOf(encode(parts, boundary)), { headers: { ...headers, 'Content-Type': contentType } });
}

async function* encode(parts: AsyncIterable<Part>, boundary: string): AsyncGenerator<Uint8Array> {
  for await (const { type, transferSyntaxUid, body } of parts) {
    const syntax = transferSyntaxUid === undefined ? '' : `; transfer-syntax=${transferSyntaxUid}`;
    const length = body instanceof Readable ? '' : `Content-Length: ${body.length}\r\n`;
    yield Buffer.from(`--${boundary}\r\nContent-Type: ${type}${syntax}\r\n${length}\r\n`);
    if (body instanceof Readable) yield* body;
    else yield body;
    yield Buffer.from('\r\n');
  }
  yield Buffer.from(`--${boundary}--\r\n`);
}

import { ProblemError } from '../../lib/platform/problem.ts';
import type { WebContext } from '../parts.ts';

/** Instances in one request: a viewer sends one. */
const MOST_INSTANCES = 16;

/**
 * The files of a request that stores: `multipart/related; type="application/dicom"; boundary=…` (PS3.18 10.5.1).
 *
 * @throws {ProblemError} 415 other content, 400 no such parts
 */
export async function filesOfRequest(c: WebContext): Promise<Buffer[]> {
  const contentType = c.req.header('content-type') ?? '';
  if (!/^multipart\/related\b/i.test(contentType) || !/type="?application\/dicom"?\s*(;|$)/i.test(contentType)) {
    throw new ProblemError(415, 'Not DICOM', 'Send `multipart/related; type="application/dicom"`.');
  }
  const [, quoted, plain] = /boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) throw notUnderstood('its boundary is missing');
  return partsOf(Buffer.from(await c.req.arrayBuffer()), boundary);
}

/**
 * The bodies of a multipart message (RFC 2046 5.1), without copying them.
 *
 * @throws {ProblemError} 400
 */
export function partsOf(body: Buffer, boundary: string): Buffer[] {
  const delimiter = `--${boundary}`;
  const parts: Buffer[] = [];
  let position = body.indexOf(delimiter);
  while (position >= 0) {
    const line = position + delimiter.length;
    if (body.toString('latin1', line, line + 2) === '--') return parts;
    const headersEnd = body.indexOf('\r\n\r\n', line - 2);
    const next = body.indexOf(`\r\n${delimiter}`, Math.max(line, headersEnd));
    if (headersEnd < 0 || next < 0) throw notUnderstood('a part has no end');
    const headers = body.toString('latin1', line, headersEnd);
    if (!/^content-type:\s*application\/dicom\b(?!\+)/im.test(headers)) throw notUnderstood('a part is no DICOM file');
    parts.push(body.subarray(headersEnd + 4, next));
    if (parts.length > MOST_INSTANCES) throw notUnderstood(`it has more than ${MOST_INSTANCES} parts`);
    position = next + 2;
  }
  throw notUnderstood('it does not begin or end with its boundary');
}

function notUnderstood(why: string): ProblemError {
  return new ProblemError(400, 'Not understood', `The request is no multipart message that can be read: ${why}.`);
}

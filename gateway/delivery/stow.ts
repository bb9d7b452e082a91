import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Receiver } from '../../schemas/site.ts';

/** How long a receiver may take for one object, ms. */
const LIMIT_MS = 60_000;

/** Bytes of an answer that are read to find its reason. */
const LONGEST_ANSWER = 64 * 1024;

/**
 * Sends one DICOM file by STOW-RS (PS3.18 10.5).
 *
 * @returns null where the receiver holds it, also where it held it before; else why not
 */
export async function sendByStow(
  receiver: Extract<Receiver, { protocol: 'stow-rs' }>,
  file: Uint8Array,
  signal: AbortSignal,
): Promise<string | null> {
  const boundary = randomUUID();
  const head = Buffer.from(`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`);
  const body = Buffer.concat([head, file, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  const headers: Record<string, string> = {
    accept: 'application/dicom+json',
    'content-type': `multipart/related; type="application/dicom"; boundary=${boundary}`,
  };
  let answer: Response;
  let text: string;
  try {
    if (receiver.tokenFile !== undefined) {
      headers.authorization = `Bearer ${readFileSync(receiver.tokenFile, 'utf8').trim()}`;
    }
    const url = `${receiver.url.replace(/\/$/, '')}/studies`;
    answer = await fetch(url, {
      method: 'POST',
      headers,
      body,
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]),
    });
    text = (await answer.text()).slice(0, LONGEST_ANSWER);
  } catch (error) {
    if (signal.aborted) throw error;
    return `${receiver.name} does not answer, or its token cannot be read.`;
  }
  // 409 says that some object was not stored; a failure code of 0111 (duplicate SOP instance) says that it is there.
  if (answer.ok || (answer.status === 409 && isDuplicate(text))) return null;
  return `${receiver.name} answered ${answer.status}.`;
}

/** FailureReason (0008,1197) of the answer's failed instance is 0111H: Duplicate SOP Instance. */
function isDuplicate(text: string): boolean {
  return /"00081197"\s*:\s*\{[^}]*"Value"\s*:\s*\[\s*273\s*\]/.test(text);
}

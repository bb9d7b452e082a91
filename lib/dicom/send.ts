import { type FileHandle, open } from 'node:fs/promises';
import { Association, AssociationError, type Target } from './association.ts';
import { encodeEchoRequest, encodeStoreRequest, isStored, statusText, VERIFICATION_SOP_CLASS } from './dimse.ts';
import { readFileHead } from './part10.ts';
import { type PresentationContext, ProtocolError } from './pdu.ts';
import { IMPLICIT_VR_LITTLE_ENDIAN, transferSyntax } from './transfer-syntax.ts';

export { AssociationError, type Target };

export interface SendOptions {
  /** Called after each file. */
  readonly onProgress?: (progress: SendProgress) => void;
  /** Told what became of each file, before the next one is sent. @param reason why it failed; null: the receiver has it */
  readonly onOutcome?: (file: string, reason: string | null) => Promise<void>;
  /** Aborts the association; what was not sent is not reported, since the call throws. */
  readonly signal?: AbortSignal;
  /** How long to wait for any one answer, ms. */
  readonly timeoutMs?: number;
}

export interface SendProgress {
  /** Files dealt with, sent or failed. */
  readonly done: number;
  readonly total: number;
  readonly sent: number;
  readonly failed: number;
}

export interface SendReport {
  /** Files that the receiver says it has. */
  readonly sent: number;
  readonly failed: { readonly file: string; readonly reason: string }[];
  /** Sent, but the receiver said more than success (a coerced attribute, elements it dropped). */
  readonly warnings: { readonly file: string; readonly reason: string }[];
}

const TIMEOUT_MS = 60_000;
/** Presentation contexts that one association can hold. */
const MOST_CONTEXTS = 128;
const MEDIA_STORAGE_DIRECTORY = '1.2.840.10008.1.3.10';
/** A file's head is shorter than this. */
const HEAD_BYTES = 4096;
const PIECE_BYTES = 1 << 18;

interface Sendable {
  readonly file: string;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntax: string;
  readonly dataSetOffset: number;
}

/** Takes what became of a file into the report. */
type Finish = (file: string, outcome: { reason?: string; warning?: string }) => Promise<void>;

/**
 * Sends Part 10 files by C-STORE: the bytes of each data set as they stand in the file, in the transfer syntax they
 * have. What cannot be sent is reported with its reason, and the others go on; an association that is lost costs the file
 * in hand, and the next one opens another.
 *
 * @throws the reason of `options.signal`, once it is aborted
 */
export async function sendFiles(
  target: Target,
  files: readonly string[],
  options: SendOptions = {},
): Promise<SendReport> {
  const report: SendReport & { sent: number } = { sent: 0, failed: [], warnings: [] };
  const finish: Finish = async (file, outcome) => {
    await options.onOutcome?.(file, outcome.reason ?? null);
    if (outcome.reason === undefined) report.sent++;
    else report.failed.push({ file, reason: outcome.reason });
    if (outcome.warning !== undefined) report.warnings.push({ file, reason: outcome.warning });
    const failed = report.failed.length;
    options.onProgress?.({ done: report.sent + failed, total: files.length, sent: report.sent, failed });
  };
  const sendable: Sendable[] = [];
  for (const file of files) {
    options.signal?.throwIfAborted();
    const found = await readSendable(file);
    if (typeof found === 'string') await finish(file, { reason: found });
    else sendable.push(found);
  }
  for (const group of groupByContexts(sendable)) await sendGroup(target, group, options, finish);
  return report;
}

/**
 * C-ECHO: whether there is a DICOM node that talks to us.
 *
 * @throws {AssociationError} there is none, or it refuses
 */
export async function echo(target: Target, options: { timeoutMs?: number } = {}): Promise<void> {
  const context = { id: 1, abstractSyntax: VERIFICATION_SOP_CLASS, transferSyntax: IMPLICIT_VR_LITTLE_ENDIAN };
  const association = await Association.request(target, [context], options.timeoutMs ?? TIMEOUT_MS);
  try {
    if (association.result(context.id)?.result !== 0) throw new AssociationError('The receiver does not take C-ECHO.');
    const { status } = await association.exchange(context.id, encodeEchoRequest(association.nextMessageId()));
    if (status !== 0) throw new AssociationError(`${statusText(status)}.`);
  } finally {
    await association.release();
  }
}

interface Group {
  readonly contexts: ReadonlyMap<string, PresentationContext>;
  readonly files: Sendable[];
}

/** Files in their order, a new group where the 129th context would begin. */
function groupByContexts(files: readonly Sendable[]): Group[] {
  const groups: (Group & { contexts: Map<string, PresentationContext> })[] = [];
  for (const file of files) {
    let group = groups.at(-1);
    const key = contextKey(file);
    if (group === undefined || (!group.contexts.has(key) && group.contexts.size === MOST_CONTEXTS)) {
      group = { contexts: new Map(), files: [] };
      groups.push(group);
    }
    if (!group.contexts.has(key)) {
      const id = group.contexts.size * 2 + 1;
      group.contexts.set(key, { id, abstractSyntax: file.sopClassUid, transferSyntax: file.transferSyntax });
    }
    group.files.push(file);
  }
  return groups;
}

async function sendGroup(
  target: Target,
  { contexts, files }: Group,
  { signal, timeoutMs = TIMEOUT_MS }: SendOptions,
  finish: Finish,
): Promise<void> {
  let association: Association | undefined;
  const abort = (): void => association?.abort();
  signal?.addEventListener('abort', abort);
  try {
    for (const [index, file] of files.entries()) {
      signal?.throwIfAborted();
      if (association === undefined || association.ended) {
        const opened = await openAssociation(target, [...contexts.values()], timeoutMs);
        if (typeof opened === 'string') {
          for (const rest of files.slice(index)) await finish(rest.file, { reason: opened });
          return;
        }
        association = opened;
      }
      const context = contexts.get(contextKey(file));
      const outcome = await sendFile(association, file, context?.id ?? 0);
      if (outcome.reason !== undefined) signal?.throwIfAborted();
      await finish(file.file, outcome);
    }
    signal?.throwIfAborted();
    await association?.release();
  } finally {
    signal?.removeEventListener('abort', abort);
    association?.destroy();
  }
}

async function openAssociation(
  target: Target,
  contexts: readonly PresentationContext[],
  timeoutMs: number,
): Promise<Association | string> {
  try {
    return await Association.request(target, contexts, timeoutMs);
  } catch (error) {
    return reasonOf(error);
  }
}

async function sendFile(
  association: Association,
  file: Sendable,
  contextId: number,
): Promise<{ reason?: string; warning?: string }> {
  const result = association.result(contextId);
  if (result?.result !== 0) return { reason: refusalText(result?.result) };
  if (result.transferSyntax !== file.transferSyntax)
    return { reason: 'The receiver answered with another transfer syntax.' };
  let handle: FileHandle | undefined;
  try {
    handle = await open(file.file);
    const { size } = await handle.stat();
    const messageId = association.nextMessageId();
    const command = encodeStoreRequest(messageId, file.sopClassUid, file.sopInstanceUid);
    const length = size - file.dataSetOffset;
    // A deflated stream may have an odd length in a file, but not in a message (PS3.5 A.5); zeros after its end are no part of it.
    const padding = transferSyntax(file.transferSyntax).deflated ? length % 2 : 0;
    const pieces = piecesOf(handle, file.dataSetOffset, padding);
    const response = await association.exchange(contextId, command, { pieces, length: length + padding });
    if (response.messageId !== messageId) throw new ProtocolError('The receiver answered to another message.');
    if (!isStored(response.status)) return { reason: `${statusText(response.status)}.` };
    return response.status === 0
      ? {}
      : { warning: `Stored with a warning (status 0x${response.status.toString(16).toUpperCase()}).` };
  } catch (error) {
    // Half a message went out: nothing can follow it.
    association.abort();
    return { reason: reasonOf(error) };
  } finally {
    await handle?.close();
  }
}

async function* piecesOf(handle: FileHandle, start: number, padding: number): AsyncIterable<Buffer> {
  for (let position = start; ; ) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(PIECE_BYTES), 0, PIECE_BYTES, position);
    if (bytesRead === 0) break;
    yield buffer.subarray(0, bytesRead);
    position += bytesRead;
  }
  if (padding > 0) yield Buffer.alloc(padding);
}

/** What a file needs to be sent, or why it cannot be. */
async function readSendable(file: string): Promise<Sendable | string> {
  let head: ReturnType<typeof readFileHead>;
  try {
    await using handle = await open(file);
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    head = readFileHead(buffer.subarray(0, bytesRead));
    if ((await handle.stat()).size === head.dataSetOffset) return 'The file holds no data set.';
  } catch (error) {
    return reasonOf(error);
  }
  if (!head.hasMeta) return 'The file is no DICOM file, or has no meta information.';
  const { MediaStorageSOPClassUID, MediaStorageSOPInstanceUID, TransferSyntaxUID } = head.meta;
  if (MediaStorageSOPClassUID === MEDIA_STORAGE_DIRECTORY)
    return 'The file is a DICOMDIR, which lists images and is none.';
  if (
    MediaStorageSOPClassUID === undefined ||
    MediaStorageSOPInstanceUID === undefined ||
    TransferSyntaxUID === undefined
  ) {
    return 'The meta information lacks the SOP class, the SOP instance or the transfer syntax.';
  }
  return {
    file,
    sopClassUid: MediaStorageSOPClassUID,
    sopInstanceUid: MediaStorageSOPInstanceUID,
    transferSyntax: TransferSyntaxUID,
    dataSetOffset: head.dataSetOffset,
  };
}

function contextKey({ sopClassUid, transferSyntax }: Sendable): string {
  return `${sopClassUid} ${transferSyntax}`;
}

function refusalText(result: number | undefined): string {
  if (result === 3) return 'The receiver does not take this SOP class.';
  if (result === 4) return 'The receiver does not take this transfer syntax.';
  return 'The receiver refused this kind of object.';
}

/** The path of a file may hold a name; its error is told by its code alone. */
function reasonOf(error: unknown): string {
  if (error instanceof AssociationError || error instanceof ProtocolError) return error.message;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return `The file cannot be read (${code}).`;
}

import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { sendFiles } from '../../lib/dicom/send.ts';
import { AETitle } from '../../schemas/pipeline.ts';
import { CommandError, EXIT } from '../exit.ts';
import { progressBar } from '../progress.ts';

export interface SendOptions {
  readonly to: string;
  readonly aet: string;
  readonly from: string;
}

/** Where the four letters of a Part 10 file stand (PS3.10 7.1). */
const PREAMBLE_BYTES = 128;
const PREFIX = 'DICM';

/** Of what is left aside so many are named. */
const NAMED = 5;

/**
 * Sends every DICOM file below a folder (or one file) by C-STORE, each as the bytes it has.
 *
 * @throws {CommandError} wrong usage (2), or something was not taken (1)
 */
export async function send(source: string, options: SendOptions): Promise<void> {
  const target = parseTarget(options);
  const { files, leftAside } = filesToSend(source);
  if (leftAside.length > 0) {
    const more = leftAside.length > NAMED ? ` and ${leftAside.length - NAMED} more` : '';
    console.error(`Left aside, since no DICOM image is in it: ${leftAside.slice(0, NAMED).join(', ')}${more}.`);
  }
  if (files.length === 0) throw new CommandError(EXIT.failed, `${source} holds no DICOM file.`);
  const bar = progressBar(`Sending to ${options.aet} at ${options.to}`, files.length);
  const report = await sendFiles(target, files, { onProgress: ({ done }) => bar.update(done) });
  bar.done(`${report.sent} of ${files.length} sent.`);
  for (const { file, reason } of report.failed) console.error(`${file}: ${reason}`);
  if (report.failed.length > 0) throw new CommandError(EXIT.failed, `${report.failed.length} not sent: see above.`);
}

function parseTarget({ to, aet, from }: SendOptions) {
  const at = to.lastIndexOf(':');
  const host = to.slice(0, at).replace(/^\[(.*)\]$/, '$1');
  const port = Number(to.slice(at + 1));
  if (at < 1 || !Number.isInteger(port) || port < 1 || port > 65535) {
    throw new CommandError(EXIT.usage, `--to wants HOST:PORT, such as 127.0.0.1:11112; it was ${to}.`);
  }
  for (const title of [aet, from]) {
    if (!AETitle.safeParse(title).success)
      throw new CommandError(EXIT.usage, `${title} is no AE title (1 to 16 characters).`);
  }
  return { host, port, calledAETitle: aet, callingAETitle: from };
}

/**
 * Every DICOM file below a folder, sorted, and what else lies there, as a CD has it: its DICOMDIR, a program, a text. A file
 * that is named itself is sent, whatever it is, so that the reason why it cannot be is told.
 *
 * @throws {CommandError} (2) there is no such thing
 */
export function filesToSend(source: string): { readonly files: string[]; readonly leftAside: string[] } {
  const stat = statSync(source, { throwIfNoEntry: false });
  if (stat === undefined) throw new CommandError(EXIT.usage, `There is no file or folder ${source}.`);
  if (stat.isFile()) return { files: [source], leftAside: [] };
  const all = readdirSync(source, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
  const files = all.filter(isImage);
  const taken = new Set(files);
  return { files, leftAside: all.filter((file) => !taken.has(file)) };
}

/** As its name and its first bytes say. What is named as one and is none, or cannot be read, is not left aside: sending it says why. */
function isImage(file: string): boolean {
  if (path.basename(file) === 'DICOMDIR') return false;
  if (/\.(dcm|ima)$/i.test(file)) return true;
  let opened: number | undefined;
  try {
    opened = openSync(file, 'r');
    const prefix = Buffer.alloc(PREFIX.length);
    readSync(opened, prefix, 0, prefix.length, PREAMBLE_BYTES);
    return prefix.toString('latin1') === PREFIX;
  } catch {
    return true;
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
}

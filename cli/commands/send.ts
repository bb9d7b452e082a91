import { readdirSync, statSync } from 'node:fs';
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

/**
 * Sends every file below a folder (or one file) by C-STORE, each as the bytes it has.
 *
 * @throws {CommandError} wrong usage (2), or something was not taken (1)
 */
export async function send(source: string, options: SendOptions): Promise<void> {
  const target = parseTarget(options);
  const files = filesBelow(source);
  if (files.length === 0) throw new CommandError(EXIT.failed, `${source} holds no file.`);
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

/** Every file below a folder, sorted; a file is itself. @throws {CommandError} (2) there is no such thing */
function filesBelow(source: string): string[] {
  const stat = statSync(source, { throwIfNoEntry: false });
  if (stat === undefined) throw new CommandError(EXIT.usage, `There is no file or folder ${source}.`);
  if (stat.isFile()) return [source];
  return readdirSync(source, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

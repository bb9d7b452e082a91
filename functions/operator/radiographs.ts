import { unprocessable } from '../../lib/platform/problem.ts';
import type { Radiograph } from '../../schemas/radiograph.ts';
import type { InputFile } from './define.ts';

/** The grey values of a radiograph, from the files beside its list. @throws {ProblemError} they are missing or too few */
export async function readPixels(files: readonly InputFile[], image: Radiograph): Promise<Uint16Array> {
  const bytes = await readNamed(files, image.file);
  if (bytes.length !== image.rows * image.columns * 2) {
    throw unprocessable(
      `${image.file} has ${bytes.length} bytes; ${image.rows} × ${image.columns} pixels need twice that many.`,
    );
  }
  return new Uint16Array(bytes.buffer, bytes.byteOffset, image.rows * image.columns);
}

/** The bytes of a file by its name, at an address that 32-bit numbers can be read from. */
export async function readNamed(files: readonly InputFile[], name: string): Promise<Buffer> {
  const file = files.find((candidate) => candidate.name === name);
  if (file === undefined) throw unprocessable(`${name} is not among the input's files.`);
  const bytes = await file.read();
  return bytes.byteOffset % 4 === 0 ? bytes : Buffer.from(new Uint8Array(bytes).buffer);
}

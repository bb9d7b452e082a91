import type { z } from 'zod';
import { firstIssue } from '../../lib/platform/issue.ts';
import { unprocessable } from '../../lib/platform/problem.ts';
import type { InputFile } from './define.ts';

/** Reads a JSON file that an earlier step wrote. @throws {ProblemError} it has another shape than agreed */
export async function readJson<Schema extends z.ZodType>(file: InputFile, schema: Schema): Promise<z.output<Schema>> {
  const parsed = schema.safeParse(JSON.parse((await file.read()).toString('utf8')));
  if (parsed.success) return parsed.data;
  throw unprocessable(`${file.name} is not what this operator reads: ${firstIssue(parsed.error)}`, parsed.error);
}

/** Bytes of a value as JSON. */
export function jsonBytes(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** Bytes of an array of numbers, without a copy; little endian, as every machine that this runs on is. */
export function bytesOf(values: Uint8Array | Uint16Array | Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

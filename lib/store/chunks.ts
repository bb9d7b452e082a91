import { open } from 'node:fs/promises';

/** Bytes read at a time. */
const CHUNK = 1 << 20;

/**
 * Reads a file from its beginning to its end through one piece of memory, so that a large one leaves no garbage.
 *
 * @param use gets each piece, and must be done with its bytes when it resolves
 */
export async function eachChunk(file: string, use: (chunk: Uint8Array) => Promise<void>): Promise<void> {
  const handle = await open(file);
  try {
    const memory = Buffer.allocUnsafe(CHUNK);
    for (;;) {
      const { bytesRead } = await handle.read(memory, 0, CHUNK);
      if (bytesRead === 0) return;
      await use(memory.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}

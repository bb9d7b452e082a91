import { gzipSync } from 'node:zlib';
import sharp from 'sharp';

/**
 * Something like a pelvis radiograph, drawn by arithmetic: dark outside, soft tissue, two bright femoral heads.
 *
 * @returns PNG in a default window, and gzipped 16-bit little-endian grey values (12 bits used), both `rows` × `columns`
 */
export async function drawPelvis(rows: number, columns: number): Promise<{ png: Buffer; gray16: Buffer }> {
  const values = new Uint16Array(rows * columns);
  const bright = (x: number, y: number, cx: number, cy: number, radius: number) =>
    Math.max(0, 1 - Math.hypot(x - cx, y - cy) / radius);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const [x, y] = [column / columns, row / rows];
      const body = Math.max(0, 1 - ((x - 0.5) / 0.48) ** 2) * 0.45;
      const heads = Math.max(bright(x, y, 0.25, 0.55, 0.12), bright(x, y, 0.75, 0.55, 0.12));
      const shafts = y > 0.55 ? Math.max(bright(x, 0, 0.21, 0, 0.06), bright(x, 0, 0.79, 0, 0.06)) * 0.8 : 0;
      const wings = Math.max(bright(x, y, 0.32, 0.28, 0.2), bright(x, y, 0.68, 0.28, 0.2)) * 0.7;
      const level = Math.min(1, body + 0.5 * Math.max(heads, shafts, wings));
      values[row * columns + column] = Math.round(level * 4095);
    }
  }
  const eightBit = Uint8Array.from(values, (value) => value >> 4);
  const png = await sharp(eightBit, { raw: { width: columns, height: rows, channels: 1 } })
    .png()
    .toBuffer();
  return { png, gray16: gzipSync(new Uint8Array(values.buffer)) };
}

/** Something like a slice through the abdomen with one structure outlined, as PNG. */
export async function drawSlice(rows: number, columns: number): Promise<Buffer> {
  const values = new Uint8Array(rows * columns * 3);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const [x, y] = [column / columns - 0.5, row / rows - 0.5];
      const [body, liver] = [Math.hypot(x / 0.46, y / 0.36), Math.hypot((x + 0.16) / 0.2, (y + 0.04) / 0.22)];
      const grey = body > 1 ? 0 : liver < 1 ? 150 : Math.hypot(x, y - 0.22) < 0.06 ? 230 : 95;
      const isOutline = Math.abs(liver - 1) < 0.02;
      values.set(isOutline ? [230, 159, 0] : [grey, grey, grey], 3 * (row * columns + column));
    }
  }
  return sharp(values, { raw: { width: columns, height: rows, channels: 3 } })
    .png()
    .toBuffer();
}

import type { Projection } from './projection.ts';
import type { Random } from './random.ts';

/** How a projection becomes a stored image: dose, scatter, curve, collimation, bits. */
export interface Exposure {
  /** Quanta per mm² of detector without a patient. */
  dose: number;
  /** Scattered part of what reaches the detector behind the patient, 0 to 1. */
  scatter: number;
  /** The attenuation that is shown darkest and brightest, as quantiles of what lies behind the patient. */
  dark: number;
  bright: number;
  /** How far differences over long distances are flattened, as the processing of digital radiographs does, 0 to 1. */
  flatten: number;
  gamma: number;
  bitsStored: 10 | 12;
  photometricInterpretation: 'MONOCHROME1' | 'MONOCHROME2';
  /** Height of the trabecular texture, as part of the bone's attenuation, and its grain in mm. */
  texture: number;
  grain: number;
  /** The irradiated field in the image, as parts of width and height; outside it is `outside` (bone is 1). */
  field: { x0: number; y0: number; x1: number; y1: number; turn: number };
  outside: 'black' | 'white';
}

export function drawExposure(random: Random): Exposure {
  const open = random.chance(0.4);
  const margin = (): number => (open || random.chance(0.5) ? 0 : random.between(0.01, 0.13));
  return {
    dose: 10 ** random.between(4.2, 6),
    scatter: random.between(0.05, 0.6),
    dark: random.between(0.002, 0.15),
    bright: random.between(0.975, 0.9995),
    flatten: random.chance(0.3) ? 0 : random.between(0.1, 0.85),
    gamma: random.between(0.7, 1.6),
    bitsStored: random.pick([10, 12]),
    photometricInterpretation: random.pick(['MONOCHROME1', 'MONOCHROME2']),
    texture: random.between(0.03, 0.16),
    grain: random.between(2, 7),
    field: { x0: margin(), y0: margin(), x1: 1 - margin(), y1: 1 - margin(), turn: open ? 0 : random.normal(0, 1.2) },
    outside: random.chance(0.65) ? 'black' : 'white',
  };
}

/**
 * The image in display units, 0 black to 1 white, bone bright, row by row. The noise depends on the number of pixels;
 * nothing else does.
 */
export function expose(projection: Projection, mmPerPixel: number, exposure: Exposure, random: Random): Float32Array {
  const { columns, rows } = projection.view;
  const attenuation = new Float32Array(columns * rows);
  const texture = lattice(random, 64);
  const step = 1 / (exposure.grain / mmPerPixel);
  let transmitted = 0;
  for (let y = 0, i = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++, i++) {
      const bone = projection.bone[i] ?? 0;
      const rough =
        bone === 0
          ? 0
          : exposure.texture * (texture(x * step, y * step) + texture(x * step * 2.7 + 17, y * step * 2.7));
      const sum = Math.max(0, (projection.smooth[i] ?? 0) + bone + bone * rough);
      attenuation[i] = sum;
      transmitted += Math.exp(-sum);
    }
  }
  const scattered = (exposure.scatter * Math.min(0.05, transmitted / attenuation.length)) / (1 - exposure.scatter);
  const quanta = exposure.dose * mmPerPixel * mmPerPixel;
  for (let i = 0; i < attenuation.length; i++) {
    const signal = Math.exp(-(attenuation[i] ?? 0)) + scattered;
    attenuation[i] = -Math.log(signal) + noise(random) / Math.sqrt(quanta * signal + 1);
  }
  if (exposure.flatten > 0)
    flatten(attenuation, columns, rows, Math.max(2, Math.round(35 / mmPerPixel)), exposure.flatten);
  const inField = fieldOf(exposure, columns, rows);
  const [low, high] = quantiles(attenuation, inField, columns, exposure.dark, exposure.bright);
  const outside = exposure.outside === 'white' ? 1 : 0;
  for (let y = 0, i = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++, i++) {
      const level = Math.min(1, Math.max(0, ((attenuation[i] ?? 0) - low) / (high - low)));
      attenuation[i] = inField(x, y) ? level ** exposure.gamma : outside;
    }
  }
  return attenuation;
}

/** Whether the centre of pixel (x, y) lies in the irradiated field. */
export function fieldOf(exposure: Exposure, columns: number, rows: number): (x: number, y: number) => boolean {
  const { x0, y0, x1, y1, turn } = exposure.field;
  const tangent = Math.tan((turn * Math.PI) / 180);
  return (x, y) => {
    const u = x + 0.5 - (y - rows / 2) * tangent;
    const v = y + 0.5 + (x - columns / 2) * tangent;
    return u >= x0 * columns && u <= x1 * columns && v >= y0 * rows && v <= y1 * rows;
  };
}

/** Display units to stored values; bone is dark in MONOCHROME1, bright in MONOCHROME2. */
export function quantise(
  display: Float32Array,
  exposure: Pick<Exposure, 'bitsStored' | 'photometricInterpretation'>,
): Uint16Array {
  const top = 2 ** exposure.bitsStored - 1;
  const inverted = exposure.photometricInterpretation === 'MONOCHROME1';
  const stored = new Uint16Array(display.length);
  for (let i = 0; i < stored.length; i++) {
    const level = display[i] ?? 0;
    stored[i] = Math.round((inverted ? 1 - level : level) * top);
  }
  return stored;
}

/** Noise of mean 0 and deviation 1, from the two halves of one random number. */
function noise(random: Random): number {
  const drawn = random.next() * 65536;
  const high = Math.floor(drawn);
  return (high / 65536 + (drawn - high) - 1) * Math.sqrt(6);
}

/** Takes away a part of the mean over a square of 2·radius + 1 pixels, where there is a patient. */
function flatten(values: Float32Array, columns: number, rows: number, radius: number, part: number): void {
  const sums = new Float64Array((columns + 1) * (rows + 1));
  for (let y = 0; y < rows; y++) {
    let row = 0;
    for (let x = 0; x < columns; x++) {
      row += values[y * columns + x] ?? 0;
      sums[(y + 1) * (columns + 1) + x + 1] = (sums[y * (columns + 1) + x + 1] ?? 0) + row;
    }
  }
  const sum = (x: number, y: number): number => sums[y * (columns + 1) + x] ?? 0;
  for (let y = 0; y < rows; y++) {
    const y0 = Math.max(0, y - radius);
    const y1 = Math.min(rows, y + radius + 1);
    for (let x = 0; x < columns; x++) {
      const x0 = Math.max(0, x - radius);
      const x1 = Math.min(columns, x + radius + 1);
      const mean = (sum(x1, y1) - sum(x0, y1) - sum(x1, y0) + sum(x0, y0)) / ((x1 - x0) * (y1 - y0));
      const value = values[y * columns + x] ?? 0;
      values[y * columns + x] = value - part * mean * Math.min(1, Math.max(0, value) / 0.6);
    }
  }
}

function quantiles(
  values: Float32Array,
  inField: (x: number, y: number) => boolean,
  columns: number,
  low: number,
  high: number,
): [number, number] {
  const step = Math.max(1, Math.floor(values.length / 6007));
  const sample: number[] = [];
  for (let i = 0; i < values.length; i += step) {
    const value = values[i] ?? 0;
    if (Math.abs(value) > 0.15 && inField(i % columns, Math.floor(i / columns))) sample.push(value);
  }
  sample.sort((a, b) => a - b);
  const first = sample[Math.floor(low * (sample.length - 1))] ?? 0;
  const last = sample[Math.floor(high * (sample.length - 1))] ?? 1;
  return [first, Math.max(last, first + 0.05)];
}

/** Smooth noise of about -1 to 1 on a lattice that repeats after `size` steps. */
function lattice(random: Random, size: number): (x: number, y: number) => number {
  const knots = Float32Array.from({ length: size * size }, () => random.between(-1, 1));
  const knot = (x: number, y: number): number => knots[(y & (size - 1)) * size + (x & (size - 1))] ?? 0;
  return (x, y) => {
    const fx = Math.floor(x);
    const fy = Math.floor(y);
    const u = x - fx;
    const v = y - fy;
    const top = knot(fx, fy) * (1 - u) + knot(fx + 1, fy) * u;
    const bottom = knot(fx, fy + 1) * (1 - u) + knot(fx + 1, fy + 1) * u;
    return top * (1 - v) + bottom * v;
  };
}

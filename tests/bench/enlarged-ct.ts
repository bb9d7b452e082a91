import { abdomenPhantom } from '../../phantoms/abdomen/phantom.ts';
import { abdomenSlices } from '../../phantoms/abdomen/render.ts';
import { Random } from '../../phantoms/random.ts';
import type { Vector } from '../../phantoms/volume.ts';
import { type WrittenSeries, writeSeries } from '../../phantoms/volume-dicom.ts';

/** The phantom is drawn this many times coarser along every axis. */
const COARSER = 4;
/** HU: the grain of the enlarged slices, which interpolation leaves smooth. */
const NOISE = 12;

/** A CT as large as scanners make them. */
export interface EnlargedCt {
  readonly seed: string;
  readonly patient: number;
  /** Columns, rows, slices; each a multiple of 4. */
  readonly size: Vector;
  /** mm */
  readonly spacing: Vector;
}

/**
 * Writes an abdomen in the portal-venous phase as a series of large slices: a coarse phantom, interpolated linearly, with
 * grain. Drawing every voxel of it would take longer than what is measured with it. One slice is in memory at a time.
 */
export function writeEnlargedCt(folder: string, ct: EnlargedCt): Promise<WrittenSeries> {
  const { seed, patient, size, spacing } = ct;
  const coarse = abdomenPhantom(seed, {
    size: [size[0] / COARSER, size[1] / COARSER, size[2] / COARSER],
    spacing: [spacing[0] * COARSER, spacing[1] * COARSER, spacing[2] * COARSER],
    phase: 'portal-venous',
    liver: 'normal',
    noise: 4,
    blur: 2,
    turn: [0, 0, 0],
  });
  const fine = abdomenPhantom(seed, { size, spacing }).grid;
  const slices = [...abdomenSlices(coarse)].map(({ hu }) => hu);
  return writeSeries(
    folder,
    {
      exam: { seed, patient, name: 'Abdomen', studyDate: '20260105', studyDescription: 'CT ABDOMEN' },
      number: 2,
      description: 'Portal venous B30f',
      bodyPart: 'ABDOMEN',
      acquisition: { modality: 'CT', kernel: 'B30f' },
      contrastAgent: 'IODINE',
      volume: { grid: fine, values: new Int16Array() },
    },
    enlarged(slices, coarse.grid.size, size, seed),
  );
}

function* enlarged(slices: readonly Int16Array[], from: Vector, to: Vector, seed: string): Generator<Int16Array> {
  const random = new Random(`${seed}/grain`);
  const grain = Int8Array.from({ length: 1 << 16 }, () => Math.round(random.normal(0, NOISE)));
  const columns = placesAlong(from[0], to[0]);
  const rows = placesAlong(from[1], to[1]);
  for (const { below, above, part } of placesAlong(from[2], to[2])) {
    const between = mixed(slices[below], slices[above], part);
    const slice = new Int16Array(to[0] * to[1]);
    let at = 0;
    let noise = random.whole(0, grain.length - 1);
    for (const row of rows) {
      const [low, high] = [row.below * from[0], row.above * from[0]];
      for (const column of columns) {
        const upper = mix(between[low + column.below], between[low + column.above], column.part);
        const lower = mix(between[high + column.below], between[high + column.above], column.part);
        noise = (noise + 7919) % grain.length;
        slice[at++] = Math.max(-1024, mix(upper, lower, row.part) + (grain[noise] ?? 0));
      }
    }
    yield slice;
  }
}

function mixed(a: Int16Array | undefined, b: Int16Array | undefined, part: number): Float32Array {
  return Float32Array.from({ length: a?.length ?? 0 }, (_, at) => mix(a?.[at], b?.[at], part));
}

function mix(a: number | undefined, b: number | undefined, part: number): number {
  return (a ?? 0) * (1 - part) + (b ?? 0) * part;
}

/** For each of `fine` voxels the two of `coarse` that it lies between, whose middles are the same. */
function placesAlong(coarse: number, fine: number): { below: number; above: number; part: number }[] {
  return Array.from({ length: fine }, (_, index) => {
    const place = Math.min(coarse - 1, Math.max(0, ((index + 0.5) * coarse) / fine - 0.5));
    const below = Math.floor(place);
    return { below, above: Math.min(coarse - 1, below + 1), part: place - below };
  });
}

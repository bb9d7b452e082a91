import { rgbOf } from '../../lib/dicom/made/colour.ts';
import { percentilesOf } from '../../lib/imaging/normalise.ts';
import { reorient } from '../../lib/imaging/reorient.ts';
import { spacingOf, type Volume3D } from '../../lib/imaging/volume.ts';
import type { PatientDirection } from '../../schemas/result.ts';
import type { Structure } from '../../schemas/volume.ts';

/** HU shown black and white: soft tissue. */
const SOFT_TISSUE = { low: -160, high: 240 };

/** A colour picture, row by row, three bytes a pixel. */
export interface Picture {
  readonly title: string;
  /** To where in the patient its rows and its columns run; of an oblique volume the nearest of the six. */
  readonly PatientOrientation: readonly [PatientDirection, PatientDirection];
  readonly rows: number;
  readonly columns: number;
  readonly rgb: Uint8Array;
}

export interface PictureWishes {
  readonly structures: readonly Structure[];
  readonly units: 'HU' | null;
  /** Of the pictures, in pixels. */
  readonly longestSide: number;
}

type Axis = 0 | 1 | 2;

/** To where in the patient the axes of a volume in LPS run, and whence they come. */
const TOWARDS = ['L', 'P', 'H'] as const;
const FROM = ['R', 'A', 'F'] as const;

/** A section: across the picture and down it run axes of the volume, the latter maybe backwards. */
interface Section {
  readonly name: string;
  readonly through: Axis;
  readonly across: Axis;
  readonly down: Axis;
  readonly upsideDown: boolean;
}

/** As radiologists hang them: the patient's right is on the left, the front on top or on the left, the head on top. */
const SECTIONS: readonly Section[] = [
  { name: 'Axial', through: 2, across: 0, down: 1, upsideDown: false },
  { name: 'Coronal', through: 1, across: 0, down: 2, upsideDown: true },
  { name: 'Sagittal', through: 0, across: 1, down: 2, upsideDown: true },
];

/**
 * Three sections through a volume, with the outlines of its structures: each where most of them is cut, through the middle
 * where nothing was found. Pixels are square. A section of an oblique volume lies along its own axes.
 */
export function picturesOf(voxels: Volume3D, labels: Volume3D<Uint8Array>, wishes: PictureWishes): Picture[] {
  const image = reorient(voxels, 'LPS');
  const map = reorient(labels, 'LPS');
  const profiles = profilesOf(map);
  const window = wishes.units === 'HU' ? SOFT_TISSUE : windowOf(image);
  return SECTIONS.map((section) => {
    const profile = profiles[section.through];
    const most = Math.max(0, ...profile);
    const at = most > 0 ? profile.indexOf(most) : Math.floor(profile.length / 2);
    const where = most > 0 ? 'where most is outlined' : 'in the middle';
    const title = `${section.name}, ${where}`;
    return { title, PatientOrientation: orientationOf(section), ...draw(image, map, section, at, window, wishes) };
  });
}

function orientationOf({ across, down, upsideDown }: Section): Picture['PatientOrientation'] {
  return [TOWARDS[across], upsideDown ? FROM[down] : TOWARDS[down]];
}

/** Labelled voxels of every slice along each axis. */
function profilesOf({ grid, values }: Volume3D<Uint8Array>): readonly [number[], number[], number[]] {
  const [columns, rows, slices] = grid.size;
  const profiles: [number[], number[], number[]] = [filled(columns), filled(rows), filled(slices)];
  for (let k = 0, at = 0; k < slices; k++) {
    for (let j = 0; j < rows; j++) {
      for (let i = 0; i < columns; i++, at++) {
        if (values[at] === 0) continue;
        profiles[0][i] = (profiles[0][i] ?? 0) + 1;
        profiles[1][j] = (profiles[1][j] ?? 0) + 1;
        profiles[2][k] = (profiles[2][k] ?? 0) + 1;
      }
    }
  }
  return profiles;
}

function filled(length: number): number[] {
  return Array.from({ length }, () => 0);
}

function windowOf({ values }: Volume3D): { low: number; high: number } {
  const [low = 0, high = 1] = percentilesOf(values, [1, 99.5]);
  return { low, high };
}

function draw(
  image: Volume3D,
  labels: Volume3D<Uint8Array>,
  { through, across, down, upsideDown }: Section,
  slice: number,
  window: { low: number; high: number },
  { structures, longestSide }: PictureWishes,
): Omit<Picture, 'title' | 'PatientOrientation'> {
  const { size } = image.grid;
  const spacing = spacingOf(image.grid);
  const [width, height] = [size[across] * spacing[across], size[down] * spacing[down]];
  const scale = longestSide / Math.max(width, height);
  const columns = Math.max(1, Math.round(width * scale));
  const rows = Math.max(1, Math.round(height * scale));
  const strides = [1, size[0], size[0] * size[1]] as const;
  const start = slice * strides[through];
  const xs = placesOf(columns, size[across], strides[across], false);
  const ys = placesOf(rows, size[down], strides[down], upsideDown);
  const grey = new Uint8ClampedArray(rows * columns);
  const drawn = new Uint8Array(rows * columns);
  const shade = 255 / (window.high - window.low || 1);
  let at = 0;
  for (const y of ys) {
    const [above, below] = [start + y.first, start + y.second];
    for (const x of xs) {
      const upper = mix(image.values[above + x.first] ?? 0, image.values[above + x.second] ?? 0, x.part);
      const lower = mix(image.values[below + x.first] ?? 0, image.values[below + x.second] ?? 0, x.part);
      grey[at] = (mix(upper, lower, y.part) - window.low) * shade;
      drawn[at] = labels.values[start + x.nearest + y.nearest] ?? 0;
      at++;
    }
  }
  const rgb = new Uint8Array(3 * grey.length);
  for (let pixel = 0; pixel < grey.length; pixel++) rgb.fill(grey[pixel] ?? 0, 3 * pixel, 3 * pixel + 3);
  outline(rgb, drawn, columns, structures);
  return { rows, columns, rgb };
}

/** Between which voxels of an axis a pixel lies: offsets into the values, and how far it is to the second. */
interface Place {
  readonly first: number;
  readonly second: number;
  readonly part: number;
  readonly nearest: number;
}

function placesOf(pixels: number, count: number, stride: number, backwards: boolean): Place[] {
  const places = Array.from({ length: pixels }, (_, pixel) => {
    const exact = Math.min(count - 1, Math.max(0, ((pixel + 0.5) * count) / pixels - 0.5));
    const first = Math.floor(exact);
    const second = Math.min(count - 1, first + 1);
    return { first: first * stride, second: second * stride, part: exact - first, nearest: Math.round(exact) * stride };
  });
  return backwards ? places.reverse() : places;
}

function mix(a: number, b: number, part: number): number {
  return a + (b - a) * part;
}

/** Colours the outermost two pixels of a structure: one alone is lost where the picture is shown smaller. */
function outline(rgb: Uint8Array, labels: Uint8Array, columns: number, structures: readonly Structure[]): void {
  const colours = new Map(structures.map(({ label, colour }) => [label, rgbOf(colour)]));
  const around = [1, 2].flatMap((far) => [-far, far, -far * columns, far * columns]);
  for (let at = 0; at < labels.length; at++) {
    const label = labels[at] ?? 0;
    if (label === 0) continue;
    const isInside = around.every((step) => labels[at + step] === label);
    const colour = isInside ? undefined : colours.get(label);
    if (colour !== undefined) rgb.set(colour, at * 3);
  }
}

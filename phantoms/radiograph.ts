import { drawExposure, type Exposure, expose, quantise } from './exposure.ts';
import type { Circle } from './femur.ts';
import { apply, compose, rotation, scaling, type Transform, translation } from './geometry.ts';
import { Projection, type View } from './projection.ts';
import type { Random } from './random.ts';

export type Side = 'left' | 'right';
export type HipClass = 'fracture' | 'no-fracture' | 'hardware';
/** x0, y0, x1, y1 in pixels of the stored image, column then row, half-open. */
export type Box = [x0: number, y0: number, x1: number, y1: number];

/** What is known of a hip in a phantom because it was put there. */
export interface HipTruth {
  /** The patient's. */
  side: Side;
  box: Box;
  class: HipClass;
  /** Part of the hip that lies in the irradiated field, 0 to 1. */
  visible: number;
  /** 0 to 1; of fractures only. */
  severity?: number;
  /** The kind of fracture or implant. */
  finding?: string;
}

/** A synthetic radiograph as a scanner would store it. */
export interface Radiograph {
  rows: number;
  columns: number;
  /** Row by row. */
  pixels: Uint16Array;
  bitsStored: 10 | 12;
  photometricInterpretation: 'MONOCHROME1' | 'MONOCHROME2';
  /** At the detector, in mm. */
  pixelSpacing: number;
  bodyPart: BodyPart;
  view: 'AP' | 'PA' | 'LATERAL';
  /** Where rows and columns run to; true to the pixels. */
  patientOrientation: readonly [row: string, column: string];
  laterality: 'L' | 'R' | 'B' | 'U';
  /** Hips of which at least `minimumVisible` is in the field. */
  hips: HipTruth[];
  /** Hips of which less is in the field: neither right nor wrong to find. */
  partialHips: HipTruth[];
}

export type BodyPart =
  | 'HIP'
  | 'PELVIS'
  | 'CHEST'
  | 'HAND'
  | 'KNEE'
  | 'SKULL'
  | 'SPINE'
  | 'ABDOMEN'
  | 'SHOULDER'
  | 'OTHER';

/** A hip counts as present from this part of its box on. */
export const minimumVisible = 0.6;

/** What of a scene is in the image, in mm of the scene; the long side of the image has `longSide` pixels. */
export interface Framing {
  width: number;
  height: number;
  centre: readonly [x: number, y: number];
  /** Degrees. */
  turn: number;
  /** The columns run to the patient's right in an AP view: the image is a mirror image. */
  mirrored: boolean;
  longSide: number;
}

/** The projection that a framing needs, still empty, and its scale. */
export function openProjection(framing: Framing): { projection: Projection; mmPerPixel: number } {
  const mmPerPixel = Math.max(framing.width, framing.height) / framing.longSide;
  const columns = Math.max(1, Math.round(framing.width / mmPerPixel));
  const rows = Math.max(1, Math.round(framing.height / mmPerPixel));
  const scale = 1 / mmPerPixel;
  const upright = compose(
    compose(translation(columns / 2, rows / 2), scaling(framing.mirrored ? -scale : scale, scale)),
    compose(rotation(framing.turn), translation(-framing.centre[0], -framing.centre[1])),
  );
  const view: View = { columns, rows, toPixel: upright };
  return { projection: new Projection(view), mmPerPixel };
}

/** Develops a projection; `settings` override what the seed drew. */
export function develop(
  projection: Projection,
  mmPerPixel: number,
  random: Random,
  settings: Partial<Exposure> = {},
): Pick<Radiograph, 'rows' | 'columns' | 'pixels' | 'bitsStored' | 'photometricInterpretation' | 'pixelSpacing'> & {
  exposure: Exposure;
} {
  const exposure = { ...drawExposure(random), ...settings };
  const display = expose(projection, mmPerPixel, exposure, random);
  return {
    rows: projection.view.rows,
    columns: projection.view.columns,
    pixels: quantise(display, exposure),
    bitsStored: exposure.bitsStored,
    photometricInterpretation: exposure.photometricInterpretation,
    pixelSpacing: mmPerPixel,
    exposure,
  };
}

/** The box around circles (mm of `place`), clipped to the irradiated field, and the part of it that is left. */
export function boxAround(
  circles: readonly Circle[],
  place: Transform,
  view: View,
  exposure: Exposure,
): { box: Box; visible: number } {
  const whole: Box = [
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ];
  for (const { centre, radius } of circles) {
    for (const angle of [0, 45, 90, 135, 180, 225, 270, 315]) {
      const radians = (angle * Math.PI) / 180;
      const [x, y] = apply(place, [centre[0] + radius * Math.cos(radians), centre[1] + radius * Math.sin(radians)]);
      whole[0] = Math.min(whole[0], x);
      whole[1] = Math.min(whole[1], y);
      whole[2] = Math.max(whole[2], x);
      whole[3] = Math.max(whole[3], y);
    }
  }
  const { field } = exposure;
  const box: Box = [
    Math.max(0, Math.floor(Math.max(whole[0], field.x0 * view.columns))),
    Math.max(0, Math.floor(Math.max(whole[1], field.y0 * view.rows))),
    Math.ceil(Math.min(whole[2], field.x1 * view.columns)),
    Math.ceil(Math.min(whole[3], field.y1 * view.rows)),
  ];
  const area = (whole[2] - whole[0]) * (whole[3] - whole[1]);
  const seen = Math.max(0, box[2] - box[0]) * Math.max(0, box[3] - box[1]);
  return { box, visible: Math.min(1, seen / area) };
}

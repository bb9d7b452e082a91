import { type Atlas, fraction, lesionDistance, Part, STEP } from './atlas.ts';
import type { Tissues } from './contrast.ts';
import type { AtlasSampler } from './sampler.ts';

/** What holds for all voxels of an exam, and what was found at the last of them. */
export interface Place {
  /** Over how many mm a surface is blurred. */
  width: number;
  /** How far lesion and oedema have grown, mm. */
  level: number;
  oedema: number;
  /** Found: parts of the voxel that are lesion, or bright without being lesion. */
  lesion: number;
  bright: number;
}

/** The signal at the sampler's place, before bias field and noise. Fills in `place.lesion` and `place.bright`. */
export function signalAt(at: AtlasSampler, atlas: Atlas, tissues: Tissues, place: Place): number {
  place.lesion = 0;
  place.bright = 0;
  const skin = at.distance(Part.skin);
  if (skin > place.width) return tissues.air;
  const skull = at.distance(Part.skull);
  if (skull > place.width)
    return mix(tissues.air, coverSignal(at, atlas, tissues, skull, skin), fraction(skin, place.width));
  const within = insideSignal(at, atlas, tissues, place, skull);
  if (skull < -place.width) return within;
  return mix(coverSignal(at, atlas, tissues, skull, skin), within, fraction(skull, place.width));
}

const mix = (a: number, b: number, share: number): number => a + (b - a) * share;

/** Bone, muscle, fat, eyes and air. */
function coverSignal(at: AtlasSampler, { bone }: Atlas, tissues: Tissues, skull: number, skin: number): number {
  if (skull < bone) {
    const middle = Math.abs(skull / bone - 0.5) < 0.22;
    return middle ? tissues.marrow : tissues.bone;
  }
  const air = at.distance(Part.air);
  if (air < 0) return tissues.air;
  const eye = at.distance(Part.eyes);
  if (eye < 0) return tissues.vitreous;
  if (air < 3) return tissues.muscle + tissues.enhancement;
  const isFat = eye < 7 || (skin > -6 && skin < -1.5) || Math.max(skull - bone, 0) < 1;
  return isFat ? tissues.fat : tissues.muscle;
}

function insideSignal(at: AtlasSampler, atlas: Atlas, tissues: Tissues, place: Place, skull: number): number {
  const { width } = place;
  const pia = at.distance(Part.pia);
  const ventricles = at.distance(Part.ventricles);
  const cavity = at.distance(Part.cavity);
  const x = at.x * STEP;
  const y = at.y * STEP;
  const z = at.z * STEP;
  const white = fraction(pia + atlas.cortex, width);
  let signal = mix(tissues.fluid, mix(tissues.grey, tissues.white, white), fraction(pia, width));
  if (white > 0) {
    const deep = fraction(at.distance(Part.deepGrey), width);
    signal = mix(signal, tissues.deepGrey, deep);
    const open = white * (1 - deep);
    const oedema = fraction(at.distance(Part.oedema) - place.oedema, width) * open;
    const scar = fraction(at.distance(Part.scar), width) * open;
    signal = mix(mix(signal, tissues.oedema, oedema), tissues.scar, scar);
    place.bright = Math.max(oedema, scar);
  }
  signal *= 1 + 0.06 * atlas.grain(x, y, z);
  const lesion = fraction(lesionDistance(at.distance(Part.lesion), { skull, cavity, ventricles }, place.level), width);
  if (lesion > 0) {
    const mottled = tissues.lesion * Math.max(0.8, 1 + tissues.mottling * atlas.mottle(x, y, z));
    signal = mix(signal, mottled, lesion);
    place.lesion = lesion;
    place.bright *= 1 - lesion;
  }
  const hollow = Math.max(fraction(ventricles, width), fraction(Math.max(cavity, skull + 1), width));
  if (hollow > 0) {
    signal = mix(signal, cavity < ventricles ? tissues.cavity : tissues.fluid, hollow);
    place.bright *= 1 - hollow;
  }
  return tissues.enhancement > 0 ? signal + enhancementAt(skull, cavity, tissues) : signal;
}

/** Dura, and the cavity's wall. */
function enhancementAt(skull: number, cavity: number, { enhancement }: Tissues): number {
  return (skull > -1.5 || (cavity > 0 && cavity < 2.5 && skull < 0) ? 1 : 0) * enhancement;
}

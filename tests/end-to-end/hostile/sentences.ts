import type { RunView } from '../../../schemas/api.ts';
import type { Sent } from './images.ts';

/** What was sent, how its run ends, and the sentence that says why; null where there is a result. */
export type Case = readonly [title: string, sent: () => Sent, status: RunView['status'], reason: string | null];

export const MADE_FOR = 'what the model "Hips on radiographs of the pelvis" was made for';
export const notSelected = (why: string) => `No image of the study is one that this pipeline reads. ${why}`;
export const onlyPelves = (found: string) => notSelected(`${found}: only radiographs of the pelvis or hip are read.`);
export const notAdmitted = (what: string) =>
  `The study holds 1 ${what} instance; "Hip fracture detection" reads none of that.`;
export const unreadable = (why: string) =>
  `The one instance cannot be read. The file is truncated or damaged: it has ${why}. Send it again from its source.`;
export const undecodable = (why: string) => `The image cannot be decoded. ${why}`;

import { ObjectNotFoundError } from '../../lib/store/store.ts';
import type { ResultObjects } from '../../schemas/result.ts';
import { notFound } from '../api/parse.ts';
import { record } from '../audit/audit.ts';
import type { WebContext } from '../parts.ts';
import { runOfRequest, wholeRunOfRequest } from './api.ts';

/** A file of a result that people may download. */
export interface ResultFile {
  readonly kind: keyof ResultObjects;
  readonly title: string;
  readonly extension: 'dcm' | 'nii.gz';
}

/** In the order in which a page offers them. */
export const RESULT_FILES: readonly ResultFile[] = [
  { kind: 'seg', title: 'Segmentation (DICOM SEG)', extension: 'dcm' },
  { kind: 'rtstruct', title: 'Contours (RT Structure Set)', extension: 'dcm' },
  { kind: 'report', title: 'Measurement report (DICOM SR)', extension: 'dcm' },
  { kind: 'capture', title: 'Report as a picture (Secondary Capture)', extension: 'dcm' },
  { kind: 'labels', title: 'Label map (NIfTI)', extension: 'nii.gz' },
];

const CONTENT_TYPES = { dcm: 'application/dicom', 'nii.gz': 'application/gzip' } as const;

/** `GET /runs/<id>/images/<SOPInstanceUID>.png` (default window, 8 bit) or `.gray16` (16-bit little-endian grey values) */
export async function getRunImage(c: WebContext) {
  const { result } = await wholeRunOfRequest(c);
  const [, uid, kind] = /^([0-9.]+)\.(png|gray16)$/.exec(c.req.param('file') ?? '') ?? [];
  const images = result?.kind === 'detection' ? result.images : [];
  const image = images.find(({ sopInstanceUid }) => sopInstanceUid === uid);
  if (image === undefined) throw notFound('image');
  if (kind === 'png') return c.body(await content(c, image.preview.png), 200, { 'Content-Type': 'image/png' });
  const headers = { 'Content-Type': 'application/octet-stream', 'Content-Encoding': 'gzip' };
  return c.body(await content(c, image.preview.gray16), 200, headers);
}

/** `GET /runs/<id>/previews/<n>.png`: the n-th picture of a segmentation, from 1. */
export async function getPreview(c: WebContext) {
  const { result } = await runOfRequest(c);
  const [, number] = /^(\d{1,4})\.png$/.exec(c.req.param('file') ?? '') ?? [];
  const preview = result?.kind === 'segmentation' ? result.previews[Number(number) - 1] : undefined;
  if (preview === undefined) throw notFound('image');
  return c.body(await content(c, preview.png), 200, { 'Content-Type': 'image/png' });
}

/** `GET /runs/<id>/files/<kind>`: a file of a result to keep. Who took it is recorded, since it names the patient. */
export async function getResultFile(c: WebContext) {
  const { parts, person } = c.var;
  const run = await runOfRequest(c);
  const file = RESULT_FILES.find(({ kind }) => kind === c.req.param('kind'));
  const key = file === undefined ? undefined : run.result?.objects[file.kind];
  if (file === undefined || key === undefined) throw notFound('file');
  const body = await content(c, key);
  const subject = `${run.id}/${file.kind}`;
  await record(parts.database, { actor: person.name, action: 'result-downloaded', subject, at: parts.now() });
  return c.body(body, 200, {
    'Content-Type': CONTENT_TYPES[file.extension],
    'Content-Disposition': `attachment; filename="${run.pipeline}-${run.id.slice(0, 12)}.${file.kind}.${file.extension}"`,
  });
}

/** @throws {ProblemError} 404: the store does not have it any more */
async function content(c: WebContext, key: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await c.var.parts.store.get('results', key));
  } catch (error) {
    if (error instanceof ObjectNotFoundError) throw notFound('file');
    throw error;
  }
}

import { createReadStream, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { SEGMENTATION_STORAGE } from '../../lib/dicom/seg/write.ts';
import type { RunView } from '../../schemas/api.ts';
import { notFound } from '../api/parse.ts';
import type { ViewedInstance } from '../dicomweb/images.ts';
import { sightOf } from '../dicomweb/sight.ts';
import { viewerOf } from '../pages/layout.ts';
import type { WebContext } from '../parts.ts';
import { runOfRequest } from '../runs/api.ts';
import { streamOf } from '../stream.ts';
import { missingPage } from './page.ts';
import { VIEWER_ROOT } from './patch.ts';
import type { ProgramFile } from './program.ts';

/**
 * What the viewer needs beyond the pages' own policy (`security.ts`), and still nothing from another host: `unsafe-eval`,
 * since the library with which it reads segmentations (ndarray) writes its loops as text, and its decoders are WebAssembly;
 * workers from `blob:`; pictures and fonts that it makes or carries itself (`blob:`, `data:`); styles that its widgets write
 * into the page.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'unsafe-eval'",
  "worker-src 'self' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' blob: data:",
  "font-src 'self' data:",
  "connect-src 'self' blob: data:",
  "frame-ancestors 'none'",
  "form-action 'none'",
  "base-uri 'none'",
].join('; ');

/** The addresses under which the viewer shows studies: its mode for reading, and the one in which segmentations are changed. */
const MODES = { read: 'viewer', edit: 'segmentation' } as const;
const PAGES: ReadonlySet<string> = new Set(Object.values(MODES));

/** Our own scripts of the viewer's page, in one: each in a scope of its own. */
const config = ['app-config.ts', 'saving.ts', 'viewed-time.ts']
  .map((name) => `{\n${stripTypeScriptTypes(readFileSync(path.join(import.meta.dirname, name), 'utf8'))}\n}`)
  .join('\n');

/** `GET /viewer/…`: the viewer's page and files, or how to get them where it is not installed */
export function getViewer(c: WebContext) {
  const { parts } = c.var;
  const { program } = parts.viewing;
  if (!program.isInstalled) return c.html(missingPage(parts, viewerOf(c)), 404);
  const name = c.req.path.slice(VIEWER_ROOT.length);
  if (name === '') return c.redirect('/', 303);
  c.header('Content-Security-Policy', CONTENT_SECURITY_POLICY);
  if (name === 'app-config.js') {
    c.header('Cache-Control', 'private, no-cache');
    return c.body(config, 200, { 'Content-Type': 'text/javascript; charset=utf-8' });
  }
  const file = program.find(PAGES.has(name) ? 'index.html' : name);
  if (file === undefined) throw notFound('page');
  return sendFile(c, file);
}

/**
 * `GET /runs/<id>/viewer[?edit]`: the viewer on the run's study, with the run's own segmentation over it where it has one;
 * with `edit` to change it.
 */
export async function getRunInViewer(c: WebContext) {
  const { images } = c.var.parts.viewing;
  const run = await runOfRequest(c);
  const results = await images.results(run.studyInstanceUid, sightOf(c));
  const mode = c.req.query('edit') === undefined ? MODES.read : MODES.edit;
  const query = new URLSearchParams({ StudyInstanceUIDs: run.studyInstanceUid, run: run.id });
  // Left to itself the mode for changing shows the first series beside each other, and no segmentation.
  if (mode === MODES.edit) query.set('hangingprotocolid', 'default');
  const series = openingSeries(run, results);
  if (series !== undefined) query.set('initialSeriesInstanceUID', series);
  return c.redirect(`/viewer/${mode}?${query}`, 303);
}

/** The series that is opened first: the run's segmentation, unless a newer one has taken its place; else the image that the model read. */
function openingSeries({ id, result }: RunView, results: readonly ViewedInstance[]): string | undefined {
  const segmentation = results.find(
    ({ SOPClassUID, key }) => SOPClassUID === SEGMENTATION_STORAGE && key.includes(`/${id}/`),
  );
  if (segmentation !== undefined) return segmentation.SeriesInstanceUID;
  return result?.kind === 'detection' ? result.images[0]?.seriesInstanceUid : result?.seriesInstanceUid;
}

/** Names with a digest stay the same as long as this edition of the viewer does; the others are asked for again each time. */
function sendFile(c: WebContext, { file, compressed, contentType, digest }: ProgramFile) {
  const ETag = `"${digest}"`;
  const isNamedByContent = /[./][0-9a-f]{16}\./.test(file);
  const headers = { ETag, 'Cache-Control': isNamedByContent ? 'private, max-age=86400' : 'private, no-cache' };
  if (c.req.header('if-none-match') === ETag) return c.body(null, 304, headers);
  const isGzip = compressed !== undefined && /\bgzip\b/.test(c.req.header('accept-encoding') ?? '');
  return c.body(streamOf(createReadStream(isGzip ? compressed : file)), 200, {
    ...headers,
    'Content-Type': contentType,
    Vary: 'Accept-Encoding',
    ...(isGzip ? { 'Content-Encoding': 'gzip' } : {}),
  });
}

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Random } from '../random.ts';
import { type AbdomenOptions, abdomenPhantom } from './phantom.ts';
import { renderAbdomen } from './render.ts';
import { tissues } from './tissue.ts';

/** The grid of the model, in mm and voxels: a middling liver with what surrounds it. */
export const TRAINING_GRID = { size: [120, 100, 88], spacing: [3, 3, 3] } as const;

/** What a training volume shows: mostly what the model is for. */
function drawKind(random: Random): Pick<AbdomenOptions, 'region' | 'phase'> {
  return random.weighted([
    [{ region: 'abdomen', phase: 'portal-venous' }, 60],
    [{ region: 'abdomen', phase: 'native' }, 12],
    [{ region: 'abdomen', phase: 'arterial' }, 12],
    [{ region: 'chest', phase: 'portal-venous' }, 3],
    [{ region: 'chest', phase: 'native' }, 2],
    [{ region: 'pelvis', phase: 'portal-venous' }, 4],
    [{ region: 'pelvis', phase: 'native' }, 2],
    [{ region: 'head', phase: 'native' }, 5],
  ]);
}

/**
 * Writes `count` volumes of the training grid: `hu.i16` (little-endian) and `tissue.u8`, both [volume, k, j, i], and
 * `phantoms.json` with the names of the tissues and what each volume shows.
 */
export async function writeRawAbdomens(folder: string, options: { count: number; seed: string }): Promise<void> {
  await mkdir(folder, { recursive: true });
  const [hu, tissue] = ['hu.i16', 'tissue.u8'].map((name) => createWriteStream(path.join(folder, name)));
  if (hu === undefined || tissue === undefined) throw new Error('Two files are written.');
  const phantoms = [];
  for (let i = 0; i < options.count; i++) {
    const seed = `${options.seed}/${i}`;
    const kind = drawKind(new Random(`kind/${seed}`));
    const phantom = abdomenPhantom(seed, { ...TRAINING_GRID, ...kind });
    const rendered = renderAbdomen(phantom);
    const bytes = Buffer.from(rendered.hu.buffer, rendered.hu.byteOffset, rendered.hu.byteLength);
    if (!hu.write(bytes)) await once(hu, 'drain');
    if (!tissue.write(rendered.tissue)) await once(tissue, 'drain');
    phantoms.push({ seed, ...kind, volumesMl: rendered.volumesMl });
  }
  for (const file of [hu, tissue]) {
    file.end();
    await once(file, 'finish');
  }
  const about = { size: TRAINING_GRID.size, spacing: TRAINING_GRID.spacing, tissues, phantoms };
  await writeFile(path.join(folder, 'phantoms.json'), JSON.stringify(about, undefined, 1));
}

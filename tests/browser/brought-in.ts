import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { RunView } from '../../schemas/api.ts';
import type { Site } from '../site.ts';

/** Who has segmented a liver too, besides the model. */
const SOURCES = ['expert', 'novice'] as const;
const STRUCTURES = ['left-lobe=1', 'right-lobe=2', 'vessels=3'];

/**
 * Brings in what others made of a liver, by the command: they took over the labels of the model.
 *
 * @param run the model's, which has ended
 * @param folder for the file
 */
export async function bringIn(site: Site, run: RunView, folder: string): Promise<void> {
  const store = site.openStore();
  const labels = await store.get('results', run.result?.objects.labels ?? '').finally(() => store.close());
  const file = path.join(folder, 'labels.nii.gz');
  writeFileSync(file, labels);
  for (const source of SOURCES) {
    const { status, stderr } = await site.overread(
      ...['segmentation', 'import', file, '--study', run.studyInstanceUid, '--pipeline', run.pipeline],
      ...['--source', source, '--tool', '3D Slicer', '--minutes', '40'],
      ...STRUCTURES.flatMap((name) => ['--names', name]),
    );
    if (status !== 0) throw new Error(`What the ${source} made was not taken: ${stderr}`);
  }
}

import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { HOME } from '../../lib/platform/configuration.ts';
import type { SiteEnvironment } from '../site.ts';

/**
 * A pipeline whose model does not doubt what it is shown: the same network under another name, with a card that has no
 * scope. For what is measured of the house, not of the model.
 *
 * @param folder where the model and the pipeline are written
 * @returns the environment of a site
 */
export function withoutScope(folder: string, pipeline: string, model: string): SiteEnvironment {
  const name = `${model}-anywhere`;
  const models = path.join(folder, 'models');
  cpSync(path.join(HOME, 'models', model), path.join(models, name), { recursive: true });
  const file = path.join(models, name, 'model.json');
  const card: Record<string, unknown> = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...card, name, scope: null }));
  const pipelines = path.join(folder, 'pipelines');
  mkdirSync(path.join(pipelines, pipeline), { recursive: true });
  for (const one of ['pipeline.yaml', 'evaluation.yaml']) {
    const text = readFileSync(path.join(HOME, 'pipelines', pipeline, one), 'utf8');
    writeFileSync(path.join(pipelines, pipeline, one), text.replace(`name: ${model},`, `name: ${name},`));
  }
  return { OVERREAD_MODELS: models, OVERREAD_PIPELINES: pipelines };
}

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse as parseYaml } from 'yaml';
import { Pipeline, type PipelineStep } from '../../schemas/pipeline.ts';
import { firstIssue } from '../platform/issue.ts';

/** A pipeline file that cannot be used; the message names the file and what is wrong with it. */
export class PipelineError extends Error {
  override readonly name = 'PipelineError';
}

/**
 * Reads every pipeline below the folders (`<folder>/<name>/pipeline.yaml`). A folder that does not exist counts as empty;
 * of two pipelines with one name the later folder's wins, so that a site can replace ours.
 *
 * @throws {PipelineError} a file is invalid, or two pipelines claim one AE title
 */
export function loadPipelines(folders: readonly string[]): ReadonlyMap<string, Pipeline> {
  const pipelines = new Map<string, Pipeline>();
  for (const folder of folders.filter((candidate) => existsSync(candidate))) {
    for (const entry of readdirSync(folder).sort()) {
      const file = path.join(folder, entry, 'pipeline.yaml');
      if (!existsSync(file)) continue;
      const pipeline = parsePipeline(readFileSync(file, 'utf8'), file);
      pipelines.set(pipeline.name, pipeline);
    }
  }
  const byTitle = new Map<string, string>();
  for (const { name, calledAETitle } of pipelines.values()) {
    const other = byTitle.get(calledAETitle);
    if (other !== undefined)
      throw new PipelineError(`Pipelines ${other} and ${name} both claim the AE title ${calledAETitle}.`);
    byTitle.set(calledAETitle, name);
  }
  return pipelines;
}

/** Parses one pipeline and checks its graph. @throws {PipelineError} */
export function parsePipeline(text: string, file: string): Pipeline {
  let document: unknown;
  try {
    document = parseYaml(text);
  } catch (error) {
    throw new PipelineError(`${file}: not YAML: ${error instanceof Error ? error.message.split('\n')[0] : error}`, {
      cause: error,
    });
  }
  const parsed = Pipeline.safeParse(document);
  if (!parsed.success) throw new PipelineError(`${file}: ${firstIssue(parsed.error)}`);
  checkGraph(parsed.data, file);
  return parsed.data;
}

/** All steps that must have ended before `step`: declared, from inputs and from conditions; sorted, without doubles. */
export function completeNeeds(step: PipelineStep): string[] {
  const fromInputs = Object.values(step.inputs).map((source) => source.slice(0, source.indexOf('.')));
  const fromConditions = step.when.map((condition) => condition.step);
  return [...new Set([...step.needs, ...fromInputs, ...fromConditions])].filter((name) => name !== 'run').sort();
}

function checkGraph(pipeline: Pipeline, file: string): void {
  const earlier = new Set<string>();
  for (const step of pipeline.steps) {
    if (step.name === 'run' || earlier.has(step.name)) {
      throw new PipelineError(
        `${file}: step name ${step.name} is taken; names are unique, and \`run\` is the run itself.`,
      );
    }
    for (const need of completeNeeds(step)) {
      if (!earlier.has(need))
        throw new PipelineError(`${file}: step ${step.name} needs ${need}, which is no earlier step.`);
    }
    for (const [model, alias] of Object.entries(step.models)) {
      if (pipeline.models[alias] === undefined) {
        throw new PipelineError(
          `${file}: step ${step.name} names model ${model} as ${alias}, which \`models\` does not list.`,
        );
      }
    }
    earlier.add(step.name);
  }
}

import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { createLog } from '../../lib/platform/log.ts';
import { ProblemError } from '../../lib/platform/problem.ts';
import { sha256 } from '../../lib/runs/canonical.ts';
import { ModelCard } from '../../schemas/model.ts';
import type { InputFile, Model, Operator, StepContext } from './define.ts';
import { filesOf } from './step.ts';

/** Wrong arguments. The message says what to give. */
class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Runs an operator on local files, as `helpText` says.
 *
 * @returns the exit status: 0 done, 1 the work failed or the input is refused, 2 wrong usage
 */
export async function runLocally(operator: Operator, args: readonly string[]): Promise<number> {
  try {
    const given = parseArguments(args);
    if (given.help) {
      console.log(helpText(operator));
      return 0;
    }
    const data = await operator.run(await localContext(operator, given));
    console.log(JSON.stringify(data, null, 2));
    return 0;
  } catch (error) {
    const message =
      error instanceof z.ZodError ? z.prettifyError(error) : String(error instanceof Error ? error.message : error);
    console.error(error instanceof ProblemError ? `${error.problem.title}: ${message}` : message);
    return error instanceof UsageError || error instanceof z.ZodError ? 2 : 1;
  } finally {
    await operator.close?.();
  }
}

/** What the operator does and takes, from its declaration. */
export function helpText(operator: Operator): string {
  const list = (title: string, entries: readonly (readonly [string, string])[]) =>
    entries.length === 0
      ? ''
      : `\n${title}:\n${entries.map(([name, text]) => `  ${name.padEnd(22)} ${text}`).join('\n')}\n`;
  const parameters = Object.entries(operator.parameters.shape).map(
    ([name, schema]) => [name, describe(schema)] as const,
  );
  return [
    `${operator.name} ${operator.version}: ${operator.description}\n`,
    `Usage: node functions/${operator.name}/main.ts --local --input NAME=PATH... --out FOLDER`,
    '         [--parameter NAME=VALUE]... [--parameters FILE.yaml] [--model NAME=FOLDER]... [--study UID]\n',
    'A PATH that is a folder gives every file below it. A VALUE is text, or YAML where text will not do. A model FOLDER holds a model.json.',
    'Without arguments it serves HTTP on PORT.\n',
    list('Inputs', Object.entries(operator.inputs)),
    list('Models', Object.entries(operator.models)),
    list('Parameters', parameters),
    list('Outputs', Object.entries(operator.outputs)),
  ].join('\n');
}

function describe(schema: unknown): string {
  if (!(schema instanceof z.ZodType)) return '';
  const absent = schema.safeParse(undefined);
  return `${schema.description ?? ''} ${absent.success ? `[${JSON.stringify(absent.data)}]` : '(required)'}`.trim();
}

interface LocalArguments {
  readonly help: boolean;
  readonly inputs: readonly string[];
  readonly models: readonly string[];
  readonly parameters: readonly string[];
  readonly parametersFile: string | undefined;
  readonly out: string | undefined;
  readonly study: string;
}

function parseArguments(args: readonly string[]): LocalArguments {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        local: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        input: { type: 'string', multiple: true },
        model: { type: 'string', multiple: true },
        parameter: { type: 'string', multiple: true },
        parameters: { type: 'string' },
        out: { type: 'string' },
        study: { type: 'string' },
      },
    });
    if (values.local !== true && values.help !== true) throw new UsageError('Give --local, or --help.');
    return {
      help: values.help === true,
      inputs: values.input ?? [],
      models: values.model ?? [],
      parameters: values.parameter ?? [],
      parametersFile: values.parameters,
      out: values.out,
      study: values.study ?? '2.25.0',
    };
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error;
  }
}

async function localContext(operator: Operator, given: LocalArguments): Promise<StepContext> {
  const out = given.out;
  if (out === undefined) throw new UsageError('Give --out FOLDER, where the outputs go.');
  const files: Record<string, InputFile[]> = Object.fromEntries(
    Object.keys({ ...operator.inputs, ...operator.optionalInputs }).map((name) => [name, []]),
  );
  for (const [name, place] of pairs(given.inputs, '--input NAME=PATH')) {
    const list = files[name];
    if (list === undefined) throw new UsageError(`${operator.name} has no input \`${name}\`: ${Object.keys(files)}.`);
    list.push(...(await localFiles(place)));
  }
  const models = new Map<string, Model>();
  for (const [name, folder] of pairs(given.models, '--model NAME=FOLDER')) models.set(name, await localModel(folder));
  const write = async (file: string, body: Uint8Array, contentType = 'application/octet-stream') => {
    await mkdir(path.dirname(path.join(out, file)), { recursive: true });
    await writeFile(path.join(out, file), body);
    return { bucket: 'runs' as const, key: file, sha256: sha256(body), size: body.length, contentType };
  };
  return {
    parameters: await localParameters(operator, given),
    run: {
      id: '0'.repeat(64),
      pipeline: { name: 'local', version: '0.0.0', title: `${operator.name} on local files` },
      StudyInstanceUID: given.study,
      notAdmitted: [],
      models: [...models.values()].map(({ name, version, sha256 }) => ({ name, version, sha256 })),
      inputsAt: new Date().toISOString(),
    },
    ...filesOf(operator, files),
    model: (name) => {
      const model = models.get(name);
      if (model === undefined) throw new UsageError(`Give --model ${name}=FOLDER.`);
      return model;
    },
    output: (_, file, body, contentType) => write(file, body, contentType),
    publish: (_, file, body, contentType) => write(file, body, contentType),
    ranOn: () => {},
    signal: new AbortController().signal,
    log: createLog(operator.name, process.env.OVERREAD_LOG_LEVEL ?? 'warn'),
  };
}

async function localParameters(operator: Operator, given: LocalArguments): Promise<Record<string, unknown>> {
  const fromFile: unknown =
    given.parametersFile === undefined ? {} : parseYaml(await readFile(given.parametersFile, 'utf8'));
  const base = z.record(z.string(), z.unknown()).parse(fromFile ?? {});
  const single = pairs(given.parameters, '--parameter NAME=VALUE').map(([name, text]) => [
    name,
    parameterOf(operator, name, text),
  ]);
  return { ...base, ...Object.fromEntries(single) };
}

function parameterOf(operator: Operator, name: string, text: string): unknown {
  const schema: unknown = operator.parameters.shape[name];
  return schema instanceof z.ZodType && schema.safeParse(text).success ? text : parseYaml(text);
}

async function localFiles(place: string): Promise<InputFile[]> {
  if ((await stat(place)).isDirectory()) {
    const entries = await readdir(place, { recursive: true, withFileTypes: true });
    const names = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
    return (await Promise.all(names.sort().map(localFiles))).flat();
  }
  const bytes = await readFile(place);
  return [
    {
      name: path.basename(place),
      sha256: sha256(bytes),
      size: bytes.length,
      read: () => readFile(place),
      stream: async () => createReadStream(place),
    },
  ];
}

async function localModel(folder: string): Promise<Model> {
  const card = ModelCard.parse(JSON.parse(await readFile(path.join(folder, 'model.json'), 'utf8')));
  return {
    name: card.name,
    version: card.version,
    sha256: card.sha256,
    card: async () => card,
    weights: () => readFile(path.join(folder, card.file)),
  };
}

function pairs(texts: readonly string[], form: string): [string, string][] {
  return texts.map((text) => {
    const at = text.indexOf('=');
    if (at < 1) throw new UsageError(`${text}: give ${form}.`);
    return [text.slice(0, at), text.slice(at + 1)];
  });
}

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse as parseYaml } from 'yaml';
import type { z } from 'zod';
import { firstIssue } from '../lib/platform/issue.ts';
import {
  EnvironmentFile,
  FunctionDeployment,
  LanguageTemplate,
  Stack,
  type StackFunction,
} from '../schemas/openfaas.ts';
import { commandFor } from './process/command.ts';

/** stack.yml cannot be read; the message names the file and the first thing that is wrong. */
export class StackError extends Error {
  override readonly name = 'StackError';
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The deployments that a stack.yml declares, as faas-cli would make them.
 *
 * @param environment for `${NAME}`, `${NAME:-default}` and `${NAME-default}` in values; substituted after YAML is parsed,
 *   so that no value can change the file's structure
 * @throws {StackError}
 */
export function readStack(file: string, environment: Environment): FunctionDeployment[] {
  const { functions } = parseFile(file, Stack, environment);
  return Object.entries(functions).map(([name, declared]) => deploymentOf(name, declared, file, environment));
}

function deploymentOf(
  service: string,
  declared: StackFunction,
  stackFile: string,
  environment: Environment,
): FunctionDeployment {
  const fromFiles = (declared.environment_file ?? []).map(
    (file) => parseFile(path.resolve(path.dirname(stackFile), file), EnvironmentFile, environment).environment,
  );
  const deployment = {
    service,
    image: declared.image,
    namespace: declared.namespace,
    envProcess: commandFor(service, declared.fprocess ?? templateCommand(declared.lang, stackFile)),
    envVars: Object.assign({}, ...fromFiles, declared.environment ?? {}),
    constraints: declared.constraints ?? [],
    secrets: declared.secrets ?? [],
    labels: declared.labels ?? {},
    annotations: declared.annotations ?? {},
    limits: declared.limits ?? undefined,
    requests: declared.requests ?? undefined,
    readOnlyRootFilesystem: declared.readonly_root_filesystem ?? false,
  };
  // Without the fields that are undefined, which JSON does not know.
  return FunctionDeployment.parse(JSON.parse(JSON.stringify(deployment)));
}

/** The command of the function's template, which lies in `template/` beside stack.yml; empty where there is none. */
function templateCommand(language: string | undefined, stackFile: string): string {
  if (language === undefined) return '';
  const file = path.join(path.dirname(stackFile), 'template', language, 'template.yml');
  return existsSync(file) ? (parseFile(file, LanguageTemplate, {}).fprocess ?? '') : '';
}

function parseFile<Schema extends z.ZodType>(file: string, schema: Schema, environment: Environment): z.output<Schema> {
  let content: unknown;
  try {
    content = parseYaml(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new StackError(`${file} cannot be read: ${why}`, { cause: error });
  }
  const parsed = schema.safeParse(substitute(content, environment));
  if (parsed.success) return parsed.data;
  throw new StackError(`${file}: ${firstIssue(parsed.error)}`);
}

function substitute(value: unknown, environment: Environment): unknown {
  if (typeof value === 'string') return substituteText(value, environment);
  if (Array.isArray(value)) return value.map((each) => substitute(each, environment));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, substitute(each, environment)]));
}

function substituteText(text: string, environment: Environment): string {
  return text.replace(
    /\$\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?-)([^}]*))?\}/g,
    (_, name: string, sign: string | undefined, fallback: string | undefined) => {
      const value = environment[name];
      const absent = value === undefined || (sign === ':-' && value === '');
      return absent ? (fallback ?? '') : value;
    },
  );
}

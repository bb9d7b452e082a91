import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { HOME } from '../../../lib/platform/configuration.ts';
import type { Code } from '../../../schemas/volume.ts';

/** A code as it stands in a file of this repository. */
export interface WrittenCode extends Code {
  /** Relative to the repository. */
  readonly file: string;
}

/** Where codes stand: the product, its content, and what people are told to write. */
const ROOMS = ['cli', 'docs', 'functions', 'lib', 'models', 'phantoms', 'pipelines', 'schemas', 'template', 'web'];

/** An object of the three, in whatever language. */
const OBJECT =
  /["']?value["']?\s*:\s*["']([^"'\n]+)["'][,\s]+["']?scheme["']?\s*:\s*["']([^"'\n]+)["'][,\s]+["']?meaning["']?\s*:\s*["']([^"'\n]+)["']/g;
/** `sct('10200004', 'Liver')` */
const CALL = /\b(dcm|sct)\('([^']+)',\s*'([^']+)'\)/g;
/** `['10200004', 'Liver']`: numbers as long are of SNOMED CT. */
const PAIR = /\['(\d{6,})',\s*'([^']+)'\]/g;

/** Every code that stands in a file of the product, tests of units apart. */
export function writtenCodes(): WrittenCode[] {
  return ROOMS.flatMap((room) =>
    readdirSync(path.join(HOME, room), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|json|ya?ml|md)$/.test(name) && !/\.test\.ts$|node_modules/.test(name))
      .flatMap((name) => codesIn(path.join(room, name))),
  );
}

function codesIn(file: string): WrittenCode[] {
  const text = readFileSync(path.join(HOME, file), 'utf8');
  const objects = [...text.matchAll(OBJECT)].map(([, value = '', scheme = '', meaning = '']) => ({
    ...{ value, scheme, meaning, file },
  }));
  const calls = [...text.matchAll(CALL)].map(([, call = '', value = '', meaning = '']) => ({
    ...{ value, scheme: call.toUpperCase(), meaning, file },
  }));
  const pairs = [...text.matchAll(PAIR)].map(([, value = '', meaning = '']) => ({
    ...{ value, scheme: 'SCT', meaning, file },
  }));
  return [...objects, ...calls, ...pairs];
}

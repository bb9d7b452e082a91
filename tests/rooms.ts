import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Which room may import which, as docs/architecture.md says it. A room is a top-level folder, or a folder below `lib/`. A
 * file of another room may be named alone, where a room shows only that door.
 */
const LIBRARIES = ['schemas', 'lib/platform', 'lib/database', 'lib/store', 'lib/runs'];
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  schemas: [],
  'lib/platform': ['schemas'],
  'lib/database': ['lib/platform', 'schemas'],
  'lib/store': ['lib/platform', 'schemas'],
  'lib/runs': ['lib/platform', 'lib/store', 'schemas'],
  'lib/dicom': ['schemas'],
  'lib/imaging': ['schemas'],
  'lib/onnx': ['schemas'],
  'lib/statistics': ['schemas'],
  'lib/archive': [...LIBRARIES, 'lib/dicom'],
  gateway: [...LIBRARIES, 'lib/dicom', 'lib/archive', 'connector/feed.ts'],
  connector: [...LIBRARIES, 'provider/client.ts'],
  functions: ['schemas', 'lib/platform', 'lib/store', 'lib/runs', 'lib/dicom', 'lib/imaging', 'lib/onnx'],
  provider: ['schemas', 'lib/platform'],
  web: [...LIBRARIES, 'lib/dicom', 'lib/archive', 'lib/statistics', 'connector/feed.ts'],
  cli: [
    ...LIBRARIES,
    'lib/dicom',
    'lib/imaging',
    'lib/archive',
    'lib/onnx',
    'provider/client.ts',
    'phantoms/demo.ts',
    'web/blinded/restore.ts',
    'web/projection/project.ts',
    'web/viewer/install.ts',
  ],
  phantoms: ['lib/dicom', 'lib/imaging'],
  models: [
    'schemas',
    'lib/dicom',
    'lib/imaging',
    'lib/onnx',
    'functions/dicom-reader/grey.ts',
    'functions/infer-detection/decode.ts',
    'functions/infer-segmentation/labels.ts',
    'functions/postprocess/back.ts',
    'functions/postprocess/tidy.ts',
    'functions/preprocess/reference.ts',
  ],
};

/** What serves tests alone: tests themselves, and what they share. */
const FOR_TESTS = /\.(test|fixture)\.ts$|\/(fixture|testing)\/|^tests\//;

/** Who owns the tables of each file in schemas/database: only these rooms may import it. */
const TABLE_OWNERS: Readonly<Record<string, readonly string[]>> = {
  'schemas/database/archive.ts': ['lib/archive'],
  'schemas/database/connector.ts': ['connector'],
  'schemas/database/web.ts': ['web'],
};

/** The room of a file, by its path from the top. */
function roomOf(file: string): string {
  const [first = '', second = ''] = file.split('/');
  return first === 'lib' ? `lib/${second}` : first;
}

/** What is wrong with the imports of one file, as sentences. */
export function brokenRules(file: string, imported: readonly string[]): string[] {
  const room = roomOf(file);
  const allowed = MAY_IMPORT[room];
  if (allowed === undefined) return [];
  return imported.flatMap((target) => {
    const owners = TABLE_OWNERS[target];
    if (owners !== undefined && !owners.includes(room)) {
      return [`${file} imports ${target}: only ${owners.join(', ')} may touch these tables.`];
    }
    const other = roomOf(target);
    const isForTests = FOR_TESTS.test(file);
    if (FOR_TESTS.test(target) && !isForTests) return [`${file} imports ${target}, which is for tests alone.`];
    if (isForTests && other === 'tests') return [];
    if (other === room || allowed.includes(other) || allowed.includes(target)) return [];
    return [`${file} imports ${target}: ${room} may import ${allowed.join(', ') || 'no other room'}.`];
  });
}

/** Paths from the top of every module that a TypeScript text imports from this project, relative imports only. */
export function importsOf(file: string, text: string): string[] {
  const specifiers = text.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g);
  return [...specifiers].map(([, specifier]) => path.posix.join(path.posix.dirname(file), specifier ?? ''));
}

function checkAll(home: string): string[] {
  const files = Object.keys(MAY_IMPORT).flatMap((room) =>
    readdirSync(path.join(home, room), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.includes('node_modules'))
      .map((name) => `${room}/${name}`),
  );
  return files.flatMap((file) => brokenRules(file, importsOf(file, readFileSync(path.join(home, file), 'utf8'))));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const broken = checkAll(path.resolve(import.meta.dirname, '..'));
  for (const sentence of broken) console.error(sentence);
  process.exitCode = broken.length === 0 ? 0 : 1;
}

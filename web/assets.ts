import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';

/** Style sheet, icon and islands, in memory. */
export interface Assets {
  /** Address of an asset; it holds the digest of all of them, so browsers may keep it for good. */
  url(name: string): string;
  find(digest: string, name: string): { readonly body: string; readonly contentType: string } | undefined;
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.ts': 'text/javascript; charset=utf-8',
};

/**
 * Reads `web/assets` and `web/islands`. Islands are TypeScript that tsc checks with everything else; here the types are
 * taken away, and they are served under their own names, so that one can import another.
 */
export function loadAssets(): Assets {
  const files = new Map<string, { body: string; contentType: string }>();
  for (const folder of ['assets', 'islands'].map((name) => path.join(import.meta.dirname, name))) {
    for (const name of readdirSync(folder).sort()) {
      const contentType = TYPES[path.extname(name)];
      if (contentType === undefined || name.endsWith('.test.ts')) continue;
      const text = readFileSync(path.join(folder, name), 'utf8');
      files.set(name, { body: name.endsWith('.ts') ? stripTypeScriptTypes(text) : text, contentType });
    }
  }
  const digest = createHash('sha256')
    .update([...files].flatMap(([name, { body }]) => [name, body]).join('\n'))
    .digest('hex')
    .slice(0, 16);
  return {
    url: (name) => {
      if (!files.has(name)) throw new Error(`There is no asset ${name}.`);
      return `/assets/${digest}/${name}`;
    },
    find: (asked, name) => (asked === digest ? files.get(name) : undefined),
  };
}

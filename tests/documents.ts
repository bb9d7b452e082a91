import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { HOME } from '../lib/platform/configuration.ts';

/** A fenced block of a document. */
export interface Block {
  readonly document: string;
  /** Line of its first line of text, from 1. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
  /** What the HTML comment right above it says: what it needs, or which test runs it. */
  readonly needs: string | undefined;
  readonly runBy: string | undefined;
}

/** The documents for users and developers, relative to the clone, in the order in which they are read. */
export function documents(): string[] {
  const docs = readdirSync(path.join(HOME, 'docs')).filter((name) => name.endsWith('.md'));
  return ['README.md', ...docs.sort().map((name) => `docs/${name}`), 'CONTRIBUTING.md', 'CHANGELOG.md'];
}

export function readDocument(document: string): string {
  return readFileSync(path.join(HOME, document), 'utf8');
}

/** The fenced blocks of a document. */
export function blocksOf(document: string): Block[] {
  const lines = readDocument(document).split('\n');
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const language = /^```(\w*)$/.exec(lines[at] ?? '')?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf('```', at + 1);
    if (end < 0) throw new Error(`${document}:${at + 1}: the block has no end.`);
    const remark = /^<!-- (needs|run by): (.+) -->$/.exec(lines[at - 1] ?? '');
    blocks.push({
      document,
      line: at + 2,
      language,
      text: lines.slice(at + 1, end).join('\n'),
      needs: remark?.[1] === 'needs' ? remark[2] : undefined,
      runBy: remark?.[1] === 'run by' ? remark[2] : undefined,
    });
    at = end;
  }
  return blocks;
}

/** A document without its fenced blocks. */
function proseOf(document: string): string {
  return readDocument(document).replaceAll(/^```.*?^```$/gms, '');
}

/** What stands between single backquotes. */
export function inlineCode(document: string): string[] {
  return [...proseOf(document).matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
}

/** Targets of links and images that lead to other files, or into this one. */
export function localLinks(document: string): string[] {
  const targets = [...proseOf(document).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

/** Names by which the headings of a document can be linked to, as GitHub makes them. */
export function anchors(document: string): string[] {
  const headings = [...proseOf(document).matchAll(/^#+ (.+)$/gm)].map((match) => match[1] ?? '');
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{Letter}\p{Number} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

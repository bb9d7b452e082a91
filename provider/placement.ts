import { hostname } from 'node:os';
import { ProblemError } from '../lib/platform/problem.ts';
import type { Node, SiteFile } from '../schemas/site.ts';

/** Where a function runs, or why it does not. `reason` is a sentence for whoever asks. */
export type Placement =
  | { readonly state: 'placed'; readonly node: string; readonly reason: string }
  /** Its constraints are not met, and the site lets it run without: on the CPU. */
  | { readonly state: 'cpu'; readonly node: string; readonly reason: string }
  | { readonly state: 'unplaced'; readonly reason: string };

interface Constraint {
  readonly text: string;
  readonly key: string;
  readonly value: string;
  readonly equal: boolean;
}

const CONSTRAINT = /^\s*(?:node\.labels\.)?([A-Za-z0-9][-A-Za-z0-9_./]*)\s*(==|=|!=)\s*([-A-Za-z0-9_.]*)\s*$/;

/**
 * Finds the place of a function among the machines that a runtime runs on.
 *
 * @param constraints node selectors of stack.yml: `key=value`, `key==value`, `key!=value`, a Swarm prefix `node.labels.` allowed
 * @param nodes the first is the one that takes what runs on the CPU all the same
 * @throws {ProblemError} 400, for a constraint that cannot be read
 */
export function place(constraints: readonly string[], nodes: readonly Node[], mode: SiteFile['placement']): Placement {
  const wanted = constraints.map(readConstraint);
  const first = nodes[0];
  if (first === undefined) return { state: 'unplaced', reason: 'The site has no node.' };
  const met = nodes.find((node) => wanted.every((constraint) => isMet(constraint, labelsOf(node))));
  if (met !== undefined) return { state: 'placed', node: met.name, reason: `Runs on node ${met.name}.` };
  const why = nodes.map((node) => shortfall(wanted, node)).join('; ');
  if (mode === 'strict') return { state: 'unplaced', reason: `Not placed: ${why}.` };
  return {
    state: 'cpu',
    node: first.name,
    reason: `Runs on the CPU of node ${first.name}, as the site allows: ${why}.`,
  };
}

function readConstraint(text: string): Constraint {
  const [, key, sign, value] = CONSTRAINT.exec(text) ?? [];
  if (key === undefined || value === undefined) {
    throw new ProblemError(
      400,
      'Constraint refused',
      `A constraint is key=value, key==value or key!=value; found: ${text}`,
    );
  }
  return { text: text.trim(), key, value, equal: sign !== '!=' };
}

/** The site's labels over those that Kubernetes would set. */
function labelsOf(node: Node): Record<string, string> {
  return {
    'kubernetes.io/os': process.platform,
    'kubernetes.io/arch': process.arch === 'x64' ? 'amd64' : process.arch,
    'kubernetes.io/hostname': hostname(),
    ...node.labels,
  };
}

function isMet({ key, value, equal }: Constraint, labels: Record<string, string>): boolean {
  return (labels[key] === value) === equal;
}

function shortfall(constraints: readonly Constraint[], node: Node): string {
  const labels = labelsOf(node);
  const missing = constraints.filter((constraint) => !isMet(constraint, labels));
  const parts = missing.map(({ text, key }) => {
    const found = labels[key];
    return found === undefined ? `${text} (it has no such label)` : `${text} (its label is ${found})`;
  });
  return `node ${node.name} does not meet ${parts.join(', ')}`;
}

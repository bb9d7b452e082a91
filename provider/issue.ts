import type { z } from 'zod';

/** The first thing that is wrong, as `where: what`. */
export function firstIssue({ issues }: z.core.$ZodError): string {
  const [issue] = issues;
  if (issue === undefined) return 'is not valid';
  const what = issue.code === 'invalid_key' ? issue.issues[0]?.message : issue.message;
  return [...(issue.path.length > 0 ? [issue.path.join('.')] : []), what].join(': ');
}

import type { z } from 'zod';

/** The first thing that a schema found wrong, as `where: what`; never the value itself. */
export function firstIssue({ issues }: z.core.$ZodError): string {
  const [issue] = issues;
  if (issue === undefined) return 'is not valid';
  const what = issue.code === 'invalid_key' ? issue.issues[0]?.message : issue.message;
  return [...(issue.path.length > 0 ? [issue.path.join('.')] : []), what].join(': ');
}

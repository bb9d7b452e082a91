import type { z } from 'zod';

/** The first thing that a schema found wrong, as `where: what`; never the value itself. */
export function firstIssue({ issues }: z.core.$ZodError): string {
  const [issue] = issues;
  if (issue === undefined) return 'is not valid';
  return [...(issue.path.length > 0 ? [issue.path.join('.')] : []), issueWords(issue)].join(': ');
}

/** zod's own words, which speak to programmers. Where a schema has words of its own, these stand. */
const OWN_WORDS = /^(Invalid|Too (small|big)|Unrecognized)/;

/** What is wrong, in words for whoever wrote the file or the request. */
export function issueWords(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_key') {
    const [inner] = issue.issues;
    return inner === undefined ? 'has a name that is not valid' : issueWords(inner);
  }
  if (!OWN_WORDS.test(issue.message)) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return issue.message.endsWith('received undefined')
        ? 'is missing'
        : `must be ${TYPES[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be ${issue.values.map((value) => `\`${String(value)}\``).join(' or ')}`;
    case 'unrecognized_keys':
      return `${issue.keys.map((key) => `\`${key}\``).join(', ')} is not known here`;
    case 'too_small':
      return `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${UNITS[issue.origin] ?? ''}`;
    case 'too_big':
      return `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${UNITS[issue.origin] ?? ''}`;
    case 'invalid_format':
      return `is no ${FORMATS[issue.format] ?? 'text of the form that is wanted'}`;
    default:
      return 'is not valid';
  }
}

const TYPES: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: '`true` or `false`',
  int: 'a whole number',
  number: 'a number',
  object: 'a group of settings',
  record: 'a group of settings',
  string: 'a text',
  tuple: 'a list',
};

const UNITS: Readonly<Record<string, string>> = { string: ' characters long', array: ' entries long' };

const FORMATS: Readonly<Record<string, string>> = { url: 'web address', uuid: 'UUID', datetime: 'moment (ISO 8601)' };

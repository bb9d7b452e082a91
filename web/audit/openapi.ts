import { z } from 'zod';
import { json, limitParameter, parameter, problems } from '../api/document.ts';
import { AUDIT_TERMS } from './search.ts';

/** The audit as a path of the OpenAPI document. */
export function auditPaths() {
  return {
    '/audit': {
      get: {
        operationId: 'searchAudit',
        summary: 'Who did and saw what, newest first (right `audit`)',
        parameters: auditParameters(),
        responses: { 200: json('AuditList', 'The entries.'), ...problems(400, 401, 403) },
      },
    },
  };
}

function auditParameters() {
  const { actor, action, subject, before } = AUDIT_TERMS;
  const day = z.union([z.iso.date(), z.iso.datetime()]);
  return [
    parameter('actor', 'query', actor, 'Only what this account did.'),
    parameter('action', 'query', action, 'Only this action.'),
    parameter('subject', 'query', subject, 'Only on this run, exam or account.'),
    parameter('from', 'query', day, 'Day or instant, UTC: from it on.'),
    parameter('to', 'query', day, 'Day (with all of it) or instant, UTC: before it.'),
    parameter('before', 'query', before, 'Only older entries: `next` of the page before.'),
    limitParameter(100),
  ];
}

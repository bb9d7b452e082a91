import { json, problems, reference } from '../api/document.ts';

/** Which version may go to clinical receivers, as paths of the OpenAPI document. */
export function approvalPaths() {
  return {
    '/approvals': {
      get: {
        operationId: 'listApprovals',
        summary:
          'Decisions on which version of a pipeline may go to clinical receivers, newest first; the newest counts',
        responses: { 200: json('ApprovalList', 'The decisions.'), ...problems(401, 403) },
      },
      post: {
        operationId: 'decideApproval',
        summary: 'Approve a version of a pipeline for clinical receivers, or withdraw that',
        requestBody: { required: true, content: { 'application/json': { schema: reference('ApprovalSubmission') } } },
        responses: {
          200: json('Approval', 'This decision had been sent before.'),
          201: json('Approval', 'The decision holds.'),
          ...problems(400, 401, 403, 409, 413, 415, 422),
        },
      },
    },
  };
}

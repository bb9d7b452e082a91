import { Sha256, Uid } from '../../schemas/scalars.ts';
import { json, jsonSchema, limitParameter, parameter, problems } from '../api/document.ts';
import { QuarantineDecisionAnswer, QuarantineDecisionBody } from './handlers.ts';

/** What stays out of every run, and what is decided of it, as paths of the OpenAPI document. */
export function quarantinePaths() {
  return {
    '/quarantine': {
      get: {
        operationId: 'listQuarantine',
        summary: 'What was received and stays out of every run until a person decides, newest first',
        parameters: [parameter('studyInstanceUid', 'query', Uid, 'Only instances of this study.'), limitParameter(100)],
        responses: { 200: json('QuarantineList', 'The instances, with the reason of each.'), ...problems(400, 401) },
      },
    },
    '/quarantine/{sha256}/decision': {
      post: {
        operationId: 'decideQuarantined',
        summary: 'Release or discard an instance in quarantine, with a reason (administrators)',
        parameters: [parameter('sha256', 'path', Sha256, 'Of the file.')],
        requestBody: {
          required: true,
          content: { 'application/json': { schema: jsonSchema(QuarantineDecisionBody, 'input') } },
        },
        responses: {
          200: {
            description: 'What became of it.',
            content: { 'application/json': { schema: jsonSchema(QuarantineDecisionAnswer) } },
          },
          ...problems(400, 401, 403, 404, 409, 413, 415, 422, 503),
        },
      },
    },
  };
}

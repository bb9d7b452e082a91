import { z } from 'zod';
import { BlindedReport, BlindingKey } from '../../schemas/blinded.ts';
import { Feedback, FeedbackSubmission } from '../../schemas/evaluation.ts';
import { problems } from '../api/document.ts';
import { CopyFeedbackList } from './api.ts';
import { CopyList } from './list.ts';

const inPath = (name: string, pattern: string, description: string) => {
  return { name, in: 'path', required: true, description, schema: { type: 'string', pattern } };
};
const COPY = inPath('id', '^[0-9a-f]{64}$', 'What its reader knows a segmentation by.');
const NAME = inPath('name', '^[a-z0-9]+(-[a-z0-9]+)*$', 'Of the evaluation.');

/** Blinded reads, as paths of the OpenAPI document. */
export function blindedPaths(): Record<string, object> {
  const led = (operationId: string, summary: string, answer: z.ZodType) => ({
    get: {
      operationId,
      summary,
      parameters: [NAME],
      responses: { 200: { description: 'As it is now.', ...content(answer) }, ...problems(401, 403, 404) },
    },
  });
  return {
    '/copies': {
      get: {
        operationId: 'listCopies',
        summary: 'Segmentations that a blinded reader is to judge, in the reader’s own order',
        responses: { 200: { description: 'By evaluation and exam.', ...content(CopyList) }, ...problems(401, 403) },
      },
    },
    '/copies/{id}/feedback': {
      get: {
        operationId: 'listCopyFeedback',
        summary: 'What is asked about a segmentation, and what the reader has sent',
        parameters: [COPY],
        responses: {
          200: { description: 'The form and the answers.', ...content(CopyFeedbackList) },
          ...problems(401, 403, 404, 409, 410),
        },
      },
      post: {
        operationId: 'sendCopyFeedback',
        summary: 'Answer about a segmentation; sending the same id again changes nothing',
        parameters: [COPY],
        requestBody: { required: true, ...content(FeedbackSubmission, 'input') },
        responses: {
          200: { description: 'This entry had been sent before.', ...content(Feedback) },
          201: { description: 'The entry is kept.', ...content(Feedback) },
          ...problems(400, 401, 403, 404, 409, 410, 413, 415, 422),
        },
      },
    },
    '/evaluations/{name}/blinded': led('getBlindedReport', 'Report on blinded reads (right `lead`)', BlindedReport),
    '/evaluations/{name}/key': led(
      'getBlindingKey',
      'Whose each segmentation is; every look is written down (right `lead`)',
      BlindingKey,
    ),
  };
}

function content(schema: z.ZodType, io: 'input' | 'output' = 'output') {
  const { $schema, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io });
  return { content: { 'application/json': { schema: rest } } };
}

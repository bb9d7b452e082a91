import { z } from 'zod';
import { RunId } from '../../schemas/run.ts';
import { type Slug, Uid } from '../../schemas/scalars.ts';
import { peoplePaths } from '../accounts/openapi.ts';
import { approvalPaths } from '../approvals/openapi.ts';
import { auditPaths } from '../audit/openapi.ts';
import { blindedPaths } from '../blinded/openapi.ts';
import { dicomwebPaths } from '../dicomweb/openapi.ts';
import type { WebContext } from '../parts.ts';
import { patientPaths } from '../patients/openapi.ts';
import { quarantinePaths } from '../quarantine/openapi.ts';
import { evaluationPaths } from '../report/openapi.ts';
import { RunQuery } from '../runs/api.ts';
import { trendPaths } from '../trend/openapi.ts';
import {
  componentSchemas,
  json,
  jsonSchema,
  limitParameter,
  parameter,
  problems,
  reference,
  runParameter,
} from './document.ts';
import { TAGS, withExamples } from './examples.ts';

const RetryAnswer = z.object({ run: RunId });

/** The API as OpenAPI 3.1, made from the schemas that the code parses with. */
export function openApiDocument() {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Overread',
      version: '1',
      description:
        'Runs of machine-learning models on exams, their results, and what readers answered. INVESTIGATIONAL.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/api/v1' }],
    security: [{ token: [] }, { session: [] }],
    tags: TAGS,
    paths: withExamples({
      ...runPaths(),
      ...approvalPaths(),
      ...patientPaths(),
      ...readingPaths(),
      ...feedbackPaths(),
      ...trendPaths(),
      ...studyPaths(),
      ...quarantinePaths(),
      ...evaluationPaths(),
      ...auditPaths(),
      '/openapi.json': {
        get: {
          operationId: 'getOpenApi',
          summary: 'This document',
          responses: {
            200: { description: 'OpenAPI 3.1.', content: { 'application/json': { schema: { type: 'object' } } } },
            ...problems(401),
          },
        },
      },
      ...blindedPaths(),
      ...peoplePaths(),
      ...dicomwebPaths(),
    }),
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'OVERREAD_API_TOKEN' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'overread-8000',
          description: 'A signed-in browser; the name ends in the port.',
        },
      },
    },
  };
}

/** `GET /api/v1/openapi.json` */
export function getOpenApi(c: WebContext) {
  return c.json(openApiDocument());
}

/** Runs, what became of their results, and another try. */
function runPaths() {
  return {
    '/runs': {
      get: {
        operationId: 'listRuns',
        summary: 'Runs, newest first',
        parameters: queryParameters(),
        responses: { 200: json('RunList', 'The runs.'), ...problems(400, 401) },
      },
    },
    '/runs/{id}': {
      get: {
        operationId: 'getRun',
        summary: 'One run, with its result',
        parameters: [runParameter],
        responses: { 200: json('RunView', 'The run.'), ...problems(401, 404) },
      },
    },
    '/runs/{id}/deliveries': {
      get: {
        operationId: 'listDeliveries',
        summary: 'What of a run was sent to which receiver, what waits, and what was refused and why',
        parameters: [runParameter],
        responses: { 200: json('DeliveryList', 'By receiver and state.'), ...problems(401, 404) },
      },
      post: {
        operationId: 'sendEdit',
        summary: 'Send the segmentation that a reader has edited to receivers, all of them or none',
        parameters: [runParameter],
        requestBody: {
          required: true,
          content: { 'application/json': { schema: reference('EditDeliverySubmission') } },
        },
        responses: {
          202: json('DeliveryList', 'It is in the queue of each receiver.'),
          ...problems(400, 401, 403, 404, 409, 413, 415, 422),
        },
      },
    },
    '/runs/{id}/deliveries/again': {
      post: {
        operationId: 'askDeliveriesAgain',
        summary:
          'Ask again for what of a run was refused to receivers; what a receiver still must not have stays refused',
        parameters: [runParameter],
        responses: { 202: json('DeliveryList', 'By receiver and state.'), ...problems(401, 403, 404, 409) },
      },
    },
    '/runs/{id}/retry': {
      post: {
        operationId: 'retryRun',
        summary: 'Try a run that failed again (administrators)',
        parameters: [runParameter],
        responses: {
          202: {
            description: 'The run goes on.',
            content: { 'application/json': { schema: jsonSchema(RetryAnswer) } },
          },
          ...problems(401, 403, 404, 409),
        },
      },
    },
  };
}

function queryParameters() {
  const { studyInstanceUid, pipeline, status, before } = RunQuery.shape;
  return [
    parameter('studyInstanceUid', 'query', studyInstanceUid.unwrap(), 'Only runs on this study.'),
    parameter('pipeline', 'query', pipeline.unwrap() satisfies typeof Slug, 'Only runs of this pipeline.'),
    parameter('status', 'query', status.unwrap(), 'Only runs in this state.'),
    parameter('before', 'query', before.unwrap(), 'Only runs older than this one: `next` of the page before.'),
    limitParameter(100),
  ];
}

/** What waits for who asks. */
function readingPaths() {
  return {
    '/reading': {
      get: {
        operationId: 'listReading',
        summary: 'What waits for who asks: exams to be judged, read or decided, the longest waiting first',
        responses: { 200: json('ReadingListView', 'By evaluation.'), ...problems(401, 403) },
      },
    },
  };
}

/** What is asked about a run, and answered. */
function feedbackPaths() {
  return {
    '/runs/{id}/feedback': {
      get: {
        operationId: 'listFeedback',
        summary: 'The form in effect and the answers that were sent: one’s own, or all for administrators',
        parameters: [runParameter],
        responses: { 200: json('FeedbackList', 'Form and answers.'), ...problems(401, 404) },
      },
      post: {
        operationId: 'sendFeedback',
        summary: 'Send answers; with a reason, a correction of what was sent before',
        parameters: [runParameter],
        requestBody: { required: true, content: { 'application/json': { schema: reference('FeedbackSubmission') } } },
        responses: {
          200: json('Feedback', 'These answers had been sent before.'),
          201: json('Feedback', 'The answers are kept.'),
          ...problems(400, 401, 403, 404, 409, 413, 415, 422),
        },
      },
    },
  };
}

function studyPaths() {
  return {
    '/studies/{studyInstanceUid}': {
      get: {
        operationId: 'getStudy',
        summary: 'What was received of a study, where it went and why',
        parameters: [parameter('studyInstanceUid', 'path', Uid, 'StudyInstanceUID.')],
        responses: { 200: json('StudyView', 'The study.'), ...problems(401, 404) },
      },
    },
  };
}

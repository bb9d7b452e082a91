import { z } from 'zod';
import { DeliveryList, QuarantineList, RunView, StudyView } from '../../schemas/api.ts';
import { Approval, ApprovalList, ApprovalSubmission } from '../../schemas/approval.ts';
import { Feedback, FeedbackSubmission } from '../../schemas/evaluation.ts';
import {
  PatientPreview,
  PatientPreviewRequest,
  PatientStatement,
  PatientStatementList,
  PatientSubmission,
} from '../../schemas/patients.ts';
import { Problem } from '../../schemas/problem.ts';
import { EvaluationReport } from '../../schemas/report.ts';
import { RunId } from '../../schemas/run.ts';
import { Sha256, Slug, Uid } from '../../schemas/scalars.ts';
import { Trend, TrendReportSubmission, TrendReportView, TrendState } from '../../schemas/trend.ts';
import { peoplePaths } from '../accounts/openapi.ts';
import { AuditList } from '../audit/handlers.ts';
import { AUDIT_TERMS } from '../audit/search.ts';
import { blindedPaths } from '../blinded/openapi.ts';
import { dicomwebPaths } from '../dicomweb/openapi.ts';
import type { WebContext } from '../parts.ts';
import { QuarantineDecisionAnswer, QuarantineDecisionBody } from '../quarantine.ts';
import { ReadingListView } from '../reading/handlers.ts';
import { ReadersView, ReassignmentSubmission, ReassignmentView } from '../reading/readers.ts';
import { TableFile } from '../report/tables.ts';
import { TrendSubmission } from '../trend/handlers.ts';
import { LookQuery } from '../trend/look.ts';
import { EditDeliverySubmission } from '../viewer/send.ts';
import { TAGS, withExamples } from './examples.ts';
import { FeedbackList } from './feedback.ts';
import { RunList, RunQuery } from './runs.ts';

const SCHEMAS = {
  AuditList,
  EvaluationReport,
  RunView,
  RunList,
  StudyView,
  QuarantineList,
  DeliveryList,
  EditDeliverySubmission,
  Feedback,
  FeedbackList,
  FeedbackSubmission,
  Approval,
  ApprovalList,
  ApprovalSubmission,
  PatientPreview,
  PatientPreviewRequest,
  PatientStatement,
  PatientStatementList,
  PatientSubmission,
  Problem,
  ReadersView,
  ReadingListView,
  ReassignmentSubmission,
  ReassignmentView,
  Trend,
  TrendReportSubmission,
  TrendReportView,
  TrendState,
  TrendSubmission,
};
type SchemaName = keyof typeof SCHEMAS;

const RetryAnswer = z.object({ run: RunId });

/** The API as OpenAPI 3.1, made from the schemas that the code parses with. */
export function openApiDocument() {
  const components = Object.fromEntries(
    Object.entries(SCHEMAS).map(([name, schema]) => [
      name,
      jsonSchema(schema, /Submission$|Request$/.test(name) ? 'input' : 'output'),
    ]),
  );
  const runParameter = parameter('id', 'path', RunId, 'Run id, the SHA-256 of its plan.');
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
      '/patients/statements': {
        get: {
          operationId: 'listPatientStatements',
          summary: 'What people said about who is who, newest first: merges, moves of exams, what undid them',
          responses: { 200: json('PatientStatementList', 'The statements.'), ...problems(401, 403) },
        },
        post: {
          operationId: 'statePatientChange',
          summary:
            'Say that two patients are one, that an exam is of another patient, or that such a statement holds no more',
          requestBody: { required: true, content: { 'application/json': { schema: reference('PatientSubmission') } } },
          responses: {
            200: json('PatientStatement', 'This statement had been sent before.'),
            201: json('PatientStatement', 'The statement holds.'),
            ...problems(400, 401, 403, 409, 413, 415, 422),
          },
        },
      },
      '/patients/preview': {
        post: {
          operationId: 'previewPatientChange',
          summary: 'What such a statement would change: exams, trends, confirmed baselines, missing runs',
          requestBody: {
            required: true,
            content: { 'application/json': { schema: reference('PatientPreviewRequest') } },
          },
          responses: {
            200: json('PatientPreview', 'What it would do.'),
            ...problems(400, 401, 403, 413, 415, 422),
          },
        },
      },
      '/reading': {
        get: {
          operationId: 'listReading',
          summary: 'What waits for who asks: exams to be judged, read or decided, the longest waiting first',
          responses: { 200: json('ReadingListView', 'By evaluation.'), ...problems(401, 403) },
        },
      },
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
      '/runs/{id}/trend': {
        get: {
          operationId: 'getTrend',
          summary: 'The volumes of the patient’s exams over time, as they are now',
          parameters: [runParameter],
          responses: { 200: json('TrendState', 'The trend, with what it was made of.'), ...problems(401, 403, 404) },
        },
        post: {
          operationId: 'addTrendEntry',
          summary: 'Confirm an exam as baseline, withdraw it from the trend, or take it back in',
          parameters: [runParameter],
          requestBody: { required: true, content: { 'application/json': { schema: reference('TrendSubmission') } } },
          responses: {
            201: json('TrendState', 'The trend as it is then.'),
            ...problems(400, 401, 403, 404, 409, 413, 415, 422),
          },
        },
      },
      '/runs/{id}/trend/look': {
        get: {
          operationId: 'lookAtTrend',
          summary: 'The trend with another baseline or threshold: nothing of it is stored',
          parameters: [
            runParameter,
            parameter(
              'baseline',
              'query',
              LookQuery.shape.baseline,
              'The exam to compare with: the first 16 hexadecimal digits of the SHA-256 of its StudyInstanceUID.',
            ),
            parameter('threshold', 'query', LookQuery.shape.threshold, 'Growth that is flagged, in percent.'),
          ],
          responses: { 200: json('Trend', 'The trend, so compared.'), ...problems(400, 401, 403, 404) },
        },
      },
      '/runs/{id}/trend/report': {
        get: {
          operationId: 'getTrendReport',
          summary:
            'The trend as a DICOM report that one could send: which object, to which receivers, and what became of it',
          parameters: [runParameter],
          responses: { 200: json('TrendReportView', 'The report.'), ...problems(401, 403, 404, 409) },
        },
        post: {
          operationId: 'sendTrendReport',
          summary: 'Send the report to receivers, where it is still the one that was looked at',
          parameters: [runParameter],
          requestBody: {
            required: true,
            content: { 'application/json': { schema: reference('TrendReportSubmission') } },
          },
          responses: {
            202: json('TrendReportView', 'It is in the queue of each receiver.'),
            ...problems(400, 401, 403, 404, 409, 413, 415, 422),
          },
        },
      },
      '/trends/{pipeline}/{digest}': {
        get: {
          operationId: 'getTrendState',
          summary: 'A trend as somebody saw it',
          parameters: [
            parameter('pipeline', 'path', Slug, 'Name of the pipeline.'),
            parameter('digest', 'path', Sha256, 'Digest of what the trend was made of.'),
          ],
          responses: { 200: json('TrendState', 'The trend of that time.'), ...problems(401, 403, 404) },
        },
      },
      '/studies/{studyInstanceUid}': {
        get: {
          operationId: 'getStudy',
          summary: 'What was received of a study, where it went and why',
          parameters: [parameter('studyInstanceUid', 'path', Uid, 'StudyInstanceUID.')],
          responses: { 200: json('StudyView', 'The study.'), ...problems(401, 404) },
        },
      },
      '/quarantine': {
        get: {
          operationId: 'listQuarantine',
          summary: 'What was received and stays out of every run until a person decides, newest first',
          parameters: [
            parameter('studyInstanceUid', 'query', Uid, 'Only instances of this study.'),
            limitParameter(100),
          ],
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
            ...problems(400, 401, 403, 404, 409, 413, 415, 422),
          },
        },
      },
      '/evaluations/{name}/report': {
        get: {
          operationId: 'getReport',
          summary: 'Progress, agreement, accuracy, times and volumes of an evaluation (who leads it)',
          parameters: [
            parameter('name', 'path', Slug, 'Name of the evaluation.'),
            parameter(
              'anew',
              'query',
              z.string(),
              'Given, whatever it says: rather wait than get figures of a minute ago.',
            ),
          ],
          responses: { 200: json('EvaluationReport', 'The report.'), ...problems(401, 403, 404) },
        },
      },
      '/evaluations/{name}/readers': {
        get: {
          operationId: 'listReaders',
          summary: 'Who reads in an evaluation, with the exams given to each and those not read yet (who leads it)',
          parameters: [parameter('name', 'path', Slug, 'Name of the evaluation.')],
          responses: { 200: json('ReadersView', 'The readers.'), ...problems(401, 403, 404) },
        },
      },
      '/evaluations/{name}/reassignments': {
        post: {
          operationId: 'reassignExams',
          summary: 'Give the exams of which a reader has sent nothing to another, or to the others (who leads it)',
          parameters: [parameter('name', 'path', Slug, 'Name of the evaluation.')],
          requestBody: {
            required: true,
            content: { 'application/json': { schema: reference('ReassignmentSubmission') } },
          },
          responses: {
            200: json('ReassignmentView', 'How many exams were taken.'),
            ...problems(400, 401, 403, 404, 409, 413, 415, 422),
          },
        },
      },
      '/evaluations/{name}/{table}': {
        get: {
          operationId: 'getTable',
          summary: 'A table of an evaluation as CSV, sent as it is read (right `export`)',
          description:
            'What may narrow a table down stands in the addresses that the report gives with each figure: `counted`, `stage`, `question`, `reader` … A term that the table does not know is refused.',
          parameters: [
            parameter('name', 'path', Slug, 'Name of the evaluation.'),
            parameter(
              'table',
              'path',
              TableFile,
              'Which one; `dictionary.csv` says what the columns of the others mean.',
            ),
          ],
          responses: {
            200: { description: 'The rows.', content: { 'text/csv': { schema: { type: 'string' } } } },
            ...problems(400, 401, 403, 404),
          },
        },
      },
      '/audit': {
        get: {
          operationId: 'searchAudit',
          summary: 'Who did and saw what, newest first (right `audit`)',
          parameters: auditParameters(),
          responses: { 200: json('AuditList', 'The entries.'), ...problems(400, 401, 403) },
        },
      },
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
      ...blindedPaths(problems),
      ...peoplePaths(problems),
      ...dicomwebPaths(problems),
    }),
    components: {
      schemas: components,
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

function limitParameter(usual: number) {
  return parameter('limit', 'query', z.int().min(1).max(500).default(usual), 'Most entries in the answer.');
}

function parameter(name: string, place: 'path' | 'query', schema: z.ZodType, description: string) {
  return { name, in: place, required: place === 'path', description, schema: jsonSchema(schema, 'input') };
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output' = 'output') {
  const { $schema, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io, override: plainTuple });
  return rest;
}

/** So many of one kind is said by `items`, which every tool knows: not all that read OpenAPI 3.1 know `prefixItems`. */
function plainTuple({ jsonSchema: schema }: { readonly jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  const { prefixItems } = schema;
  const [first] = prefixItems ?? [];
  const kind = JSON.stringify(first);
  if (first === undefined || prefixItems?.some((item) => JSON.stringify(item) !== kind)) return;
  schema.items = first;
  delete schema.prefixItems;
}

const reference = (name: SchemaName) => ({ $ref: `#/components/schemas/${name}` });

function json(name: SchemaName, description: string) {
  return { description, content: { 'application/json': { schema: reference(name) } } };
}

function problems(...statuses: number[]) {
  const content = { 'application/problem+json': { schema: reference('Problem') } };
  return Object.fromEntries(statuses.map((status) => [status, { description: 'Why not, in words.', content }]));
}

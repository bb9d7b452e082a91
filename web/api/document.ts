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
import { Trend, TrendReportSubmission, TrendReportView, TrendState } from '../../schemas/trend.ts';
import { AuditList } from '../audit/handlers.ts';
import { FeedbackList } from '../feedback/api.ts';
import { ReadingListView } from '../reading/handlers.ts';
import { ReadersView, ReassignmentSubmission, ReassignmentView } from '../reading/readers.ts';
import { RunList } from '../runs/api.ts';
import { TrendSubmission } from '../trend/handlers.ts';
import { EditDeliverySubmission } from '../viewer/send.ts';

/** What the OpenAPI document names; requests end in Submission or Request. */
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

/** Which run. */
export const runParameter = parameter('id', 'path', RunId, 'Run id, the SHA-256 of its plan.');

/** The schemas as components of the document. */
export function componentSchemas() {
  return Object.fromEntries(
    Object.entries(SCHEMAS).map(([name, schema]) => [
      name,
      jsonSchema(schema, /Submission$|Request$/.test(name) ? 'input' : 'output'),
    ]),
  );
}

/** How much an answer holds at most. @param usual where nobody says */
export function limitParameter(usual: number) {
  return parameter('limit', 'query', z.int().min(1).max(500).default(usual), 'Most entries in the answer.');
}

/** What a path or a query holds. */
export function parameter(name: string, place: 'path' | 'query', schema: z.ZodType, description: string) {
  return { name, in: place, required: place === 'path', description, schema: jsonSchema(schema, 'input') };
}

/** A schema as JSON Schema, of what is sent (`input`) or answered (`output`). */
export function jsonSchema(schema: z.ZodType, io: 'input' | 'output' = 'output') {
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

/** A component, by its name. */
export const reference = (name: SchemaName) => ({ $ref: `#/components/schemas/${name}` });

/** An answer that is a component in JSON. */
export function json(name: SchemaName, description: string) {
  return { description, content: { 'application/json': { schema: reference(name) } } };
}

/** Answers with these statuses, each a problem in words. */
export function problems(...statuses: number[]) {
  const content = { 'application/problem+json': { schema: reference('Problem') } };
  return Object.fromEntries(statuses.map((status) => [status, { description: 'Why not, in words.', content }]));
}

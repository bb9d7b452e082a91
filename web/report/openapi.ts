import { z } from 'zod';
import { Slug } from '../../schemas/scalars.ts';
import { json, parameter, problems, reference } from '../api/document.ts';
import { TableFile } from './tables.ts';

/** What the lead of an evaluation asks, as paths of the OpenAPI document. */
export function evaluationPaths() {
  return {
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
  };
}

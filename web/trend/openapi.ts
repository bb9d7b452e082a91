import { Sha256, Slug } from '../../schemas/scalars.ts';
import { json, parameter, problems, reference, runParameter } from '../api/document.ts';
import { LookQuery } from './look.ts';

/** Trends and their reports, as paths of the OpenAPI document. */
export function trendPaths() {
  return {
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
  };
}

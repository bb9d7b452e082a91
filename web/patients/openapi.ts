import { json, problems, reference } from '../api/document.ts';

/** Who is who, as paths of the OpenAPI document. */
export function patientPaths() {
  return {
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
          ...problems(400, 401, 403, 409, 413, 415, 422, 503),
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
          ...problems(400, 401, 403, 413, 415, 422, 503),
        },
      },
    },
  };
}

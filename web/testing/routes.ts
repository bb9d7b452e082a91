import { BLINDED_RULES } from './blinded-routes.ts';
import type { RouteRule } from './route-rule.ts';

const run = { right: 'view', of: 'liver' } as const;
const hip = { right: 'view', of: 'hip' } as const;
const form = {};
/** Each stage of a reading asks for its own right; whoever is not asked now is told so. */
const answers = { right: ['read', 'review-quality', 'adjudicate'], of: 'liver' } as const;

/**
 * Every route of `web/app.ts` and the right that it needs. `routes.int.test.ts` asks each as each role: a route that is
 * missing here fails it.
 */
export const ROUTE_RULES: Readonly<Record<string, RouteRule>> = {
  'GET /healthz': { right: 'anybody' },
  'GET /readyz': { right: 'anybody' },
  'GET /metrics': { right: 'anybody' },
  'GET /assets/:digest/:name': { right: 'anybody', empty: true },
  'GET /sign-in': { right: 'anybody' },
  'POST /sign-in': { right: 'anybody', form },
  'GET /launch': { right: 'anybody', query: '?accession=1' },
  ...Object.fromEntries(
    ['POST', 'PUT', 'PATCH', 'DELETE'].map((method) => [`${method} /dicomweb/*`, { right: 'anybody' as const }]),
  ),

  'GET /account': { right: 'signed-in' },
  'POST /account/password': { right: 'signed-in', form: { password: 'x', again: 'y' } },
  'POST /account/sessions/end': { right: 'signed-in', form },
  'POST /account/tokens': { right: 'signed-in', form },
  'POST /account/tokens/:id/revoke': { right: 'signed-in', form, empty: true },
  'POST /sign-out': { right: 'signed-in', form },
  'POST /theme': { right: 'signed-in', form },
  'GET /api/v1/openapi.json': { right: 'signed-in' },

  'GET /api/v1/me': { right: 'signed-in' },
  'GET /api/v1/accounts': { right: 'manage-accounts' },
  'POST /api/v1/accounts': { right: 'manage-accounts', json: {} },
  'PUT /api/v1/accounts/:name/grants': { right: 'manage-accounts', json: {} },
  'PUT /api/v1/accounts/:name/disabled': { right: 'manage-accounts', json: {} },
  'PUT /api/v1/accounts/:name/password': { right: 'manage-accounts', json: {} },
  'GET /accounts': { right: 'manage-accounts' },
  'POST /accounts': { right: 'manage-accounts', form },
  'POST /accounts/:name/disable': { right: 'manage-accounts', form },
  'POST /accounts/:name/enable': { right: 'manage-accounts', form },
  'POST /accounts/:name/password': { right: 'manage-accounts', form },
  'POST /accounts/:name/grant': { right: 'manage-accounts', form },
  'POST /accounts/:name/withdraw': { right: 'manage-accounts', form },

  'GET /audit': { right: 'audit' },
  'GET /audit.csv': { right: 'audit' },
  'GET /api/v1/audit': { right: 'audit' },

  'GET /quarantine': { right: 'quarantine' },
  'GET /quarantine/:sha256': { right: 'quarantine' },
  'POST /quarantine/:sha256': { right: 'quarantine', form },
  'GET /api/v1/quarantine': { right: 'view' },
  'POST /api/v1/quarantine/:sha256/decision': { right: 'quarantine', json: {} },

  'GET /patients': { right: 'identify' },
  'POST /patients': { right: 'identify', form },
  'POST /patients/preview': { right: 'identify', form },
  'GET /api/v1/patients/statements': { right: 'identify' },
  'POST /api/v1/patients/statements': { right: 'identify', json: {} },
  'POST /api/v1/patients/preview': { right: 'identify', json: {} },

  'GET /': { right: 'view' },
  'GET /approvals': { right: 'view' },
  'POST /approvals': { right: 'approve', form },
  'GET /api/v1/approvals': { right: 'view' },
  'POST /api/v1/approvals': { right: 'approve', json: {} },
  'GET /reading': { right: 'view' },
  'GET /reading/:evaluation/next': { right: 'view', params: { evaluation: 'hip-fracture-detection' } },
  'GET /api/v1/reading': { right: 'view' },
  'POST /search': { right: 'view', form: { text: 'x' } },
  'GET /events': { right: 'view' },
  'GET /launch/:sealed': { right: 'view' },

  'GET /runs/:id': run,
  'GET /runs/:id/images/:file': hip,
  'GET /runs/:id/previews/:file': { ...run, params: { file: '1.png' } },
  'GET /runs/:id/files/:kind': run,
  'GET /runs/:id/viewer': run,
  'GET /runs/:id/trend': run,
  'POST /runs/:id/trend': { ...run, right: 'read', form },
  'GET /runs/:id/trend/report': { ...run, right: 'read' },
  'GET /runs/:id/trend/report.png': { ...run, right: 'read' },
  'POST /runs/:id/trend/report': { ...run, right: 'read', form },
  'POST /runs/:id/retry': { ...run, right: 'retry-runs', form },
  'POST /runs/:id/feedback': { ...answers, form },
  'POST /runs/:id/feedback/draft': { ...answers, form },
  'GET /trends/:pipeline/:digest': run,
  'GET /studies/:uid': run,
  'GET /studies/:uid/events': run,
  'GET /api/v1/runs': { right: 'view' },
  'GET /api/v1/runs/:id': run,
  'GET /api/v1/runs/:id/deliveries': run,
  'POST /api/v1/runs/:id/deliveries': { ...run, right: 'read', json: {} },
  'POST /runs/:id/deliveries': { ...run, right: 'read', form },
  'POST /api/v1/runs/:id/deliveries/again': { ...run, right: 'retry-runs', json: {} },
  'POST /runs/:id/deliveries/again': { ...run, right: 'retry-runs', form },
  'POST /api/v1/runs/:id/retry': { ...run, right: 'retry-runs', json: {} },
  'GET /api/v1/runs/:id/trend': run,
  'POST /api/v1/runs/:id/trend': { ...run, right: 'read', json: {} },
  'GET /api/v1/runs/:id/trend/look': run,
  'GET /api/v1/runs/:id/trend/report': { ...run, right: 'read' },
  'POST /api/v1/runs/:id/trend/report': { ...run, right: 'read', json: {} },
  'GET /api/v1/runs/:id/feedback': run,
  'POST /api/v1/runs/:id/feedback': { ...answers, json: {} },
  'GET /api/v1/trends/:pipeline/:digest': run,
  'GET /api/v1/studies/:uid': run,

  ...BLINDED_RULES,

  'GET /evaluations': { right: 'lead' },
  'GET /evaluations/:name': { right: 'lead', of: 'evaluation' },
  'GET /api/v1/evaluations/:name/report': { right: 'lead', of: 'evaluation' },
  'GET /evaluations/:name/readers': { right: 'lead', of: 'evaluation' },
  'POST /evaluations/:name/readers': { right: 'lead', of: 'evaluation', form },
  'GET /api/v1/evaluations/:name/readers': { right: 'lead', of: 'evaluation' },
  'POST /api/v1/evaluations/:name/reassignments': { right: 'lead', of: 'evaluation', json: {} },
  'GET /api/v1/evaluations/:name/:table{(export|cases|reference|volumes|dictionary)\\.csv}': {
    ...{ right: 'export', of: 'evaluation' },
    params: { table: 'cases.csv' },
  },
  ...Object.fromEntries(
    ['export', 'cases', 'reference', 'volumes', 'dictionary'].map((table) => [
      `GET /evaluations/:name/${table}.csv`,
      { right: 'export', of: 'evaluation' } as const,
    ]),
  ),

  'POST /dicomweb/studies': { right: 'read', json: {} },
  'POST /dicomweb/studies/:study': { right: 'read', json: {}, params: { study: '1.2.3' } },
  'GET /viewer': { right: 'view', empty: true },
  'GET /viewer/*': { right: 'view', empty: true },
  'GET /dicomweb/studies': { right: 'view', query: '?StudyInstanceUID=1.2.3' },
  'GET /dicomweb/studies/:study': run,
  'GET /dicomweb/studies/:study/metadata': run,
  'GET /dicomweb/studies/:study/series': run,
  'GET /dicomweb/studies/:study/instances': run,
  'GET /dicomweb/studies/:study/series/:series': run,
  'GET /dicomweb/studies/:study/series/:series/metadata': run,
  'GET /dicomweb/studies/:study/series/:series/instances': run,
  'GET /dicomweb/studies/:study/series/:series/instances/:instance': run,
  'GET /dicomweb/studies/:study/series/:series/instances/:instance/metadata': run,
  'GET /dicomweb/studies/:study/series/:series/instances/:instance/frames/:frames': run,
  'GET /dicomweb/studies/:study/series/:series/instances/:instance/bulkdata/:path{.+}': { ...run, empty: true },
};

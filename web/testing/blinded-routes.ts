import type { RouteRule } from './route-rule.ts';

const params = { id: 'f'.repeat(64) };
/** There is no copy in the test of all routes: who gets what of one, `web/blinded/reads.int.test.ts` asks. */
const copy = { right: 'view', empty: true, params } as const;

/** The evaluation of the test of all routes has no blinded reads. */
const led = { right: 'lead', of: 'evaluation', empty: true } as const;

const STUDY = '/copies/:id/dicomweb/studies/:study';
const INSTANCE = `${STUDY}/series/:series/instances/:instance`;

/** Routes of blinded reads. */
export const BLINDED_RULES: Readonly<Record<string, RouteRule>> = {
  'GET /copies/:id': copy,
  'GET /copies/:id/viewer': copy,
  'GET /copies/:id/file': copy,
  'POST /copies/:id/feedback': { ...copy, right: 'read', form: {} },
  'POST /copies/:id/feedback/draft': { ...copy, right: 'read', form: {} },
  'GET /api/v1/copies': { right: 'view' },
  'GET /evaluations/:name/key': led,
  'GET /evaluations/:name/key.csv': led,
  'GET /api/v1/evaluations/:name/key': led,
  'GET /api/v1/evaluations/:name/blinded': led,
  'GET /api/v1/copies/:id/feedback': copy,
  'POST /api/v1/copies/:id/feedback': { ...copy, right: 'read', json: {} },
  ...Object.fromEntries(
    [
      '/copies/:id/dicomweb/studies',
      STUDY,
      `${STUDY}/metadata`,
      `${STUDY}/series`,
      `${STUDY}/instances`,
      `${STUDY}/series/:series`,
      `${STUDY}/series/:series/metadata`,
      `${STUDY}/series/:series/instances`,
      INSTANCE,
      `${INSTANCE}/metadata`,
      `${INSTANCE}/frames/:frames`,
      `${INSTANCE}/bulkdata/:path{.+}`,
    ].map((path) => [`GET ${path}`, copy]),
  ),
};

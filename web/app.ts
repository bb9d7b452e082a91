import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { ProblemError } from '../lib/platform/problem.ts';
import { getAccountList, getMe, postAccountSubmission, putDisabled, putGrants, putPassword } from './accounts/api.ts';
import { signedIn } from './accounts/gate.ts';
import { getAccounts, postAccount, postDisabled, postGrant, postNewPassword } from './accounts/manage.ts';
import { getAccount, postEndSessions, postPassword, postRevoke, postToken } from './accounts/own.ts';
import { requireRight } from './accounts/rights.ts';
import { getSignIn, postSignIn, postSignOut } from './accounts/sign-in.ts';
import { getOpenApi } from './api/openapi.ts';
import { getApprovals, getApprovalsPage, postApproval, postApprovalForm } from './approvals/handlers.ts';
import { getAudit, getAuditPage, getAuditTable } from './audit/handlers.ts';
import { routeCopies, routeCopyForms } from './blinded/routes.ts';
import { getDeliveries, postDeliveriesAgain, postDeliveriesAgainForm } from './deliveries/handlers.ts';
import { refuseWriting } from './dicomweb/refuse.ts';
import { getBulkData, getFiles, getFrames, getMetadata } from './dicomweb/retrieve.ts';
import { getInstances, getSeries, getStudies } from './dicomweb/search.ts';
import { postInstances, STORE_LIMIT } from './dicomweb/store.ts';
import { answerError, answerNotFound } from './errors.ts';
import { getFeedback, postFeedback } from './feedback/api.ts';
import { postDraft, postFeedbackForm } from './feedback/handlers.ts';
import { NOTHING_SAVED } from './feedback/sent-form.ts';
import { getHealth, getMetrics, getReady } from './health.ts';
import { getLaunch, getLaunched } from './launch/handlers.ts';
import { measured } from './measured.ts';
import { postTheme } from './pages/theme.ts';
import type { Parts, Variables, WebContext } from './parts.ts';
import {
  getPatientStatements,
  getPatientsPage,
  postPatientPreview,
  postPatientStatement,
  postPatients,
  postPatientsPreview,
} from './patients/handlers.ts';
import {
  getQuarantine,
  getQuarantinedPage,
  getQuarantinePage,
  postQuarantineDecision,
  postQuarantineForm,
} from './quarantine/handlers.ts';
import { getNextCase, getReading, getReadingPage } from './reading/handlers.ts';
import { getReaders, getReadersPage, postReadersForm, postReassignment } from './reading/readers-handlers.ts';
import { getAnyTable, getDictionary, getEvaluations, getReport, getReportPage, getTable } from './report/handlers.ts';
import { getRun, getRuns, postRetry } from './runs/api.ts';
import { getEvents, getStudyEvents } from './runs/events.ts';
import { getRunPage, postRetryForm } from './runs/handlers.ts';
import { getPreview, getResultFile, getRunImage } from './runs/result-files.ts';
import { connectionOf, type Peer, sameOriginOnly, securityHeaders } from './security.ts';
import { getStudy } from './studies/api.ts';
import { getStudyPage } from './studies/handlers.ts';
import { studyInSight } from './studies/sight.ts';
import {
  getTrend,
  getTrendLook,
  getTrendPage,
  getTrendState,
  getTrendStatePage,
  postTrend,
  postTrendForm,
} from './trend/handlers.ts';
import {
  getReportImage,
  getReportPreview,
  getTrendReport,
  postReportForm,
  postTrendReport,
} from './trend/report-handlers.ts';
import { getRunInViewer, getViewer } from './viewer/handlers.ts';
import { postEditDelivery, postEditDeliveryForm } from './viewer/send.ts';
import { getWorklist, postSearch } from './worklist/handlers.ts';

type App = Hono<{ Variables: Variables }>;

/** Longest body that is read, bytes: a long form with long texts. */
const BODY_LIMIT = 512 * 1024;

/** Where the answers of a form may be in the body: after a session has ended they go through sign-in. */
const HOLDS_A_FORM = /^\/(sign-in|(runs|copies)\/[^/]+\/feedback)$/;

const tooLarge = ({ req }: Pick<WebContext, 'req'>) => {
  const rule = `At most ${BODY_LIMIT} bytes are read.`;
  throw new ProblemError(413, 'Too large', HOLDS_A_FORM.test(req.path) ? `${rule} ${NOTHING_SAVED}` : rule);
};

const tooMuch = () => {
  throw new ProblemError(413, 'Too large', `At most ${STORE_LIMIT >> 20} MB are read at once.`);
};

/**
 * Pages and API. The one file that knows the paths, but for those of copies (`blinded/routes.ts`).
 *
 * @param parts what they work with
 * @example
 * const answer = await createApp(parts).request('/api/v1/runs', { headers: { authorization: `Bearer ${token}` } });
 */
export function createApp(parts: Parts) {
  const app: App = new Hono();
  app.use(async (c, next) => {
    c.set('parts', parts);
    const { address, isSecure } = connectionOf(peerOf(c.env), c.req.raw.headers, parts.proxies);
    c.set('address', address);
    c.set('isSecure', isSecure);
    await next();
  });
  app.use(measured, securityHeaders, sameOriginOnly);
  app.onError(answerError);
  app.notFound(answerNotFound);
  routeDrawings(app);
  app.use(bodyLimit({ maxSize: BODY_LIMIT, onError: tooLarge }));
  routeForAnybody(app);
  app.use(signedIn);
  routeOfSite(app);
  app.use(async (c, next) => {
    requireRight(c, 'view');
    await next();
  });
  for (const path of ['/studies/:uid/*', '/api/v1/studies/:uid/*', '/dicomweb/studies/:study/*']) {
    app.use(path, studyInSight);
  }
  routePages(app);
  routeEvaluations(app);
  routeViewer(app);
  routeApi(app);
  return app;
}

/** What a reader draws. Comes before the limit of forms, since it is larger. */
function routeDrawings(app: App): void {
  app.post('/dicomweb/studies', signedIn, bodyLimit({ maxSize: STORE_LIMIT, onError: tooMuch }), postInstances);
  app.post('/dicomweb/studies/:study', signedIn, bodyLimit({ maxSize: STORE_LIMIT, onError: tooMuch }), postInstances);
  app.on(['POST', 'PUT', 'PATCH', 'DELETE'], '/dicomweb/*', refuseWriting);
}

/** What nobody has to be signed in for, or what says by itself what happens to somebody who is not. */
function routeForAnybody(app: App): void {
  app.get('/healthz', getHealth);
  app.get('/readyz', getReady);
  app.get('/metrics', getMetrics);
  app.get('/assets/:digest/:name', getAsset);
  app.get('/sign-in', getSignIn);
  app.post('/sign-in', postSignIn);
  app.get('/launch', getLaunch);
  // These two say by themselves what happens to somebody whose session has ended: nothing that was entered is lost.
  app.post('/runs/:id/feedback', postFeedbackForm);
  app.post('/runs/:id/feedback/draft', postDraft);
  routeCopyForms(app);
}

/** Of the person and of the whole site: what needs another right than to see results, or none; each handler asks for its own. */
function routeOfSite(app: App): void {
  app.get('/account', getAccount);
  app.post('/account/password', postPassword);
  app.post('/account/sessions/end', postEndSessions);
  app.post('/account/tokens', postToken);
  app.post('/account/tokens/:id/revoke', postRevoke);
  app.get('/accounts', getAccounts);
  app.post('/accounts', postAccount);
  for (const action of ['disable', 'enable'] as const) app.post(`/accounts/:name/${action}`, postDisabled(action));
  app.post('/accounts/:name/password', postNewPassword);
  for (const action of ['grant', 'withdraw'] as const) app.post(`/accounts/:name/${action}`, postGrant(action));
  app.post('/sign-out', postSignOut);
  app.post('/theme', postTheme);
  app.get('/quarantine', getQuarantinePage);
  app.get('/quarantine/:sha256', getQuarantinedPage);
  app.post('/quarantine/:sha256', postQuarantineForm);
  app.get('/patients', getPatientsPage);
  app.post('/patients/preview', postPatientsPreview);
  app.post('/patients', postPatients);
  app.get('/audit', getAuditPage);
  app.get('/audit.csv', getAuditTable);
  app.get('/api/v1/openapi.json', getOpenApi);
  app.get('/api/v1/me', getMe);
  app.get('/api/v1/accounts', getAccountList);
  app.post('/api/v1/accounts', postAccountSubmission);
  app.put('/api/v1/accounts/:name/grants', putGrants);
  app.put('/api/v1/accounts/:name/disabled', putDisabled);
  app.put('/api/v1/accounts/:name/password', putPassword);
  app.get('/api/v1/audit', getAudit);
  app.post('/api/v1/quarantine/:sha256/decision', postQuarantineDecision);
  app.get('/api/v1/patients/statements', getPatientStatements);
  app.post('/api/v1/patients/statements', postPatientStatement);
  app.post('/api/v1/patients/preview', postPatientPreview);
}

/** Pages of runs and exams, for who may see results. */
function routePages(app: App): void {
  app.get('/', getWorklist);
  app.post('/search', postSearch);
  app.get('/approvals', getApprovalsPage);
  app.post('/approvals', postApprovalForm);
  routeCopies(app);
  app.get('/reading', getReadingPage);
  app.get('/reading/:evaluation/next', getNextCase);
  app.get('/events', getEvents);
  app.get('/runs/:id', getRunPage);
  app.get('/runs/:id/images/:file', getRunImage);
  app.get('/runs/:id/previews/:file', getPreview);
  app.get('/runs/:id/files/:kind', getResultFile);
  app.post('/runs/:id/retry', postRetryForm);
  app.post('/runs/:id/deliveries', postEditDeliveryForm);
  app.post('/runs/:id/deliveries/again', postDeliveriesAgainForm);
  app.get('/runs/:id/trend', getTrendPage);
  app.post('/runs/:id/trend', postTrendForm);
  app.get('/runs/:id/trend/report', getReportPreview);
  app.get('/runs/:id/trend/report.png', getReportImage);
  app.post('/runs/:id/trend/report', postReportForm);
  app.get('/trends/:pipeline/:digest', getTrendStatePage);
  app.get('/studies/:uid', getStudyPage);
  app.get('/studies/:uid/events', getStudyEvents);
  app.get('/launch/:sealed', getLaunched);
}

function routeEvaluations(app: App): void {
  app.get('/evaluations', getEvaluations);
  app.get('/evaluations/:name', getReportPage);
  app.get('/evaluations/:name/readers', getReadersPage);
  app.post('/evaluations/:name/readers', postReadersForm);
  for (const table of ['export', 'cases', 'reference', 'volumes'] as const) {
    app.get(`/evaluations/:name/${table}.csv`, getTable(table));
  }
  app.get('/evaluations/:name/dictionary.csv', getDictionary);
}

/** The viewer, and DICOMweb, which it reads. */
function routeViewer(app: App): void {
  app.get('/runs/:id/viewer', getRunInViewer);
  app.get('/viewer', getViewer);
  app.get('/viewer/*', getViewer);
  app.get('/dicomweb/studies', getStudies);
  for (const part of ['', '/series/:series', '/series/:series/instances/:instance']) {
    app.get(`/dicomweb/studies/:study${part}`, getFiles);
    app.get(`/dicomweb/studies/:study${part}/metadata`, getMetadata);
  }
  app.get('/dicomweb/studies/:study/series', getSeries);
  app.get('/dicomweb/studies/:study/instances', getInstances);
  app.get('/dicomweb/studies/:study/series/:series/instances', getInstances);
  app.get('/dicomweb/studies/:study/series/:series/instances/:instance/frames/:frames', getFrames);
  app.get('/dicomweb/studies/:study/series/:series/instances/:instance/bulkdata/:path{.+}', getBulkData);
}

/** The API of what who may see results sees. */
function routeApi(app: App): void {
  app.get('/api/v1/approvals', getApprovals);
  app.post('/api/v1/approvals', postApproval);
  app.get('/api/v1/reading', getReading);
  app.get('/api/v1/runs', getRuns);
  app.get('/api/v1/runs/:id', getRun);
  app.get('/api/v1/runs/:id/deliveries', getDeliveries);
  app.post('/api/v1/runs/:id/deliveries', postEditDelivery);
  app.post('/api/v1/runs/:id/deliveries/again', postDeliveriesAgain);
  app.post('/api/v1/runs/:id/retry', postRetry);
  app.get('/api/v1/runs/:id/trend', getTrend);
  app.post('/api/v1/runs/:id/trend', postTrend);
  app.get('/api/v1/runs/:id/trend/look', getTrendLook);
  app.get('/api/v1/runs/:id/trend/report', getTrendReport);
  app.post('/api/v1/runs/:id/trend/report', postTrendReport);
  app.get('/api/v1/trends/:pipeline/:digest', getTrendState);
  app.get('/api/v1/runs/:id/feedback', getFeedback);
  app.post('/api/v1/runs/:id/feedback', postFeedback);
  app.get('/api/v1/studies/:uid', getStudy);
  app.get('/api/v1/quarantine', getQuarantine);
  app.get('/api/v1/evaluations/:name/report', getReport);
  app.get('/api/v1/evaluations/:name/readers', getReaders);
  app.post('/api/v1/evaluations/:name/reassignments', postReassignment);
  app.get('/api/v1/evaluations/:name/:table{(export|cases|reference|volumes|dictionary)\\.csv}', getAnyTable);
}

/** `GET /assets/<digest>/<name>` */
function getAsset(c: WebContext) {
  const asset = c.var.parts.assets.find(c.req.param('digest') ?? '', c.req.param('name') ?? '');
  if (asset === undefined) return answerNotFound(c);
  const headers = { 'Content-Type': asset.contentType, 'Cache-Control': 'public, max-age=31536000, immutable' };
  return c.body(asset.body, 200, headers);
}

/** The other end, from the socket that the Node server hands over with each request. */
function peerOf(env: unknown): Peer {
  const socket = memberOf(memberOf(env, 'incoming'), 'socket');
  const address = memberOf(socket, 'remoteAddress');
  const encrypted = memberOf(socket, 'encrypted') === true;
  return { address: typeof address === 'string' ? address : undefined, encrypted };
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

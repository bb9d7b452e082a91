import type { Hono } from 'hono';
import { getBulkData, getFiles, getFrames, getMetadata } from '../dicomweb/retrieve.ts';
import { getInstances, getSeries, getStudies } from '../dicomweb/search.ts';
import type { Variables } from '../parts.ts';
import { getCopyFeedback, postCopyFeedback } from './api.ts';
import { getCopyFile, getCopyInViewer, getCopyPage, postCopyDraft, postCopyForm } from './handlers.ts';
import {
  getAnswersTable,
  getBlindedDictionary,
  getBlindedReport,
  getBlindedReportPage,
  getBlindedTable,
  getKey,
  getKeyPage,
  getKeyTable,
  getVolumesTable,
  whereBlinded,
} from './lead.ts';
import { getCopies } from './list.ts';
import { onlyThisCopy } from './shelf.ts';

type App = Hono<{ Variables: Variables }>;

/** Forms that say by themselves what happens to somebody whose session has ended: nothing that was entered is lost. */
export function routeCopyForms(app: App): void {
  app.post('/copies/:id/feedback', postCopyForm);
  app.post('/copies/:id/feedback/draft', postCopyDraft);
}

/** Pages, API and DICOMweb of blinded reads, for people who are signed in. */
export function routeCopies(app: App): void {
  app.get('/copies/:id', getCopyPage);
  app.get('/api/v1/evaluations/:name/key', getKey);
  app.get('/api/v1/evaluations/:name/blinded', getBlindedReport);
  app.get('/api/v1/copies', getCopies);
  app.get('/api/v1/copies/:id/feedback', getCopyFeedback);
  app.post('/api/v1/copies/:id/feedback', postCopyFeedback);
  app.get('/copies/:id/viewer', getCopyInViewer);
  app.get('/copies/:id/file', getCopyFile);

  // Of an evaluation with blinded reads; of the others what stands behind answers.
  app.use('/evaluations/:name', whereBlinded(getBlindedReportPage));
  app.use('/evaluations/:name/export.csv', whereBlinded(getAnswersTable));
  app.use('/evaluations/:name/volumes.csv', whereBlinded(getVolumesTable));
  app.use('/evaluations/:name/dictionary.csv', whereBlinded(getBlindedDictionary));
  app.use('/api/v1/evaluations/:name/:table{.+\\.csv}', whereBlinded(getBlindedTable));
  app.get('/evaluations/:name/key', getKeyPage);
  app.get('/evaluations/:name/key.csv', getKeyTable);

  app.use('/copies/:id/dicomweb/*', onlyThisCopy);
  const studies = '/copies/:id/dicomweb/studies';
  app.get(studies, getStudies);
  for (const part of ['', '/series/:series', '/series/:series/instances/:instance']) {
    app.get(`${studies}/:study${part}`, getFiles);
    app.get(`${studies}/:study${part}/metadata`, getMetadata);
  }
  app.get(`${studies}/:study/series`, getSeries);
  app.get(`${studies}/:study/instances`, getInstances);
  app.get(`${studies}/:study/series/:series/instances`, getInstances);
  app.get(`${studies}/:study/series/:series/instances/:instance/frames/:frames`, getFrames);
  app.get(`${studies}/:study/series/:series/instances/:instance/bulkdata/:path{.+}`, getBulkData);
}

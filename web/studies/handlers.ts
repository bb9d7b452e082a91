import { examOf } from '../archive.ts';
import { recordPageView } from '../audit/looks.ts';
import { viewerOf } from '../pages/layout.ts';
import type { WebContext } from '../parts.ts';
import { studyOfRequest } from './api.ts';
import { studyPage } from './page.ts';

/** `GET /studies/<StudyInstanceUID>` */
export async function getStudyPage(c: WebContext) {
  const { parts } = c.var;
  const study = await studyOfRequest(c);
  const [exam, quarantine] = await Promise.all([
    examOf(parts, study.studyInstanceUid),
    parts.archive.quarantineReasons(study.studyInstanceUid),
  ]);
  await recordPageView(c, 'study-viewed', study.studyInstanceUid);
  return c.html(studyPage(parts, viewerOf(c), { study, exam, quarantine }));
}

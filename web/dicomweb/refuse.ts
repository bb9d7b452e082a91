import type { Problem } from '../../schemas/problem.ts';

/** `POST`, `PUT`, `PATCH`, `DELETE` below `/dicomweb`, but for storing what was drawn: 405 with the reason, whoever asks. */
export function refuseWriting(): Response {
  const problem: Problem = {
    type: 'about:blank',
    title: 'For reading only',
    status: 405,
    detail:
      'Images can be looked at here, and neither stored nor changed. Send images by C-STORE, and segmentations to /dicomweb/studies.',
  };
  const headers = { 'Content-Type': 'application/problem+json', Allow: 'GET, HEAD' };
  return new Response(JSON.stringify(problem), { status: 405, headers });
}

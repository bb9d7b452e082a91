import { html } from 'hono/html';
import type { ReaderProgress } from '../../../schemas/report.ts';
import { type Html, moment } from '../../pages/layout.ts';
import { type ArmFigures, nothing, STAGE_PHRASES, section, table } from './section.ts';

/** Who reads, how much they have been given, and how far they are. */
export function progressSection({ readers }: ArmFigures): Html {
  if (readers.length === 0) return section('Readers', nothing('Nobody has been given an exam or answered yet.'));
  const stages = (['quality', 'unaided', 'aided', 'adjudication'] as const).filter((stage) =>
    readers.some(({ sent }) => (sent[stage] ?? 0) > 0),
  );
  const row = ({ reader, assigned, sent, drafts, corrections, agreedWithAll, lastSentAt, rows }: ReaderProgress) =>
    html`<tr><th scope="row"><a href="${rows}">${reader}</a></th><td class="number">${assigned ?? 'all'}</td>
${stages.map((stage) => html`<td class="number">${sent[stage] ?? 0}</td>`)}<td class="number">${drafts}</td>
<td class="number">${corrections}</td><td class="number">${agreedWithAll}</td><td>${lastSentAt === null ? '–' : moment(lastSentAt)}</td></tr>`;
  const sent = stages.map((stage) => `Sent: ${STAGE_PHRASES[stage]}`);
  const head = ['Reader', 'Exams given', ...sent, 'Drafts', 'Corrected', 'Agreed with all', 'Last'];
  return section('Readers', table(head, readers.map(row)));
}

import { html } from 'hono/html';
import type { EvaluationReport } from '../../../schemas/report.ts';
import { type Html, moment } from '../../pages/layout.ts';
import { section, table } from './section.ts';

/** What was decided of the pipeline's versions, and by whom. */
export function approvalSection({ approvals }: EvaluationReport): Html {
  return section(
    'Approval for clinical receivers',
    approvals.length === 0
      ? html`<p class="muted">No version of the pipeline has been approved: results go to research receivers only.</p>`
      : table(
          ['Version', 'Decision', 'By', 'When', 'Reason'],
          approvals.map(
            ({
              pipelineVersion,
              decision,
              author,
              decidedAt,
              reason,
            }) => html`<tr><th scope="row">${pipelineVersion}</th><td>${decision}</td>
<td>${author}</td><td>${moment(decidedAt)}</td><td>${reason}</td></tr>`,
          ),
        ),
  );
}

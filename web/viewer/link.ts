import { html } from 'hono/html';
import type { RunView } from '../../schemas/api.ts';
import type { Person } from '../accounts/accounts.ts';
import { may } from '../accounts/rights.ts';
import type { Html } from '../pages/layout.ts';
import type { Parts } from '../parts.ts';

/**
 * The links from a run's page to its study in the viewer, to read and, for whoever may, to change its segmentation; nothing
 * where the viewer is not installed.
 */
export function viewerLink(
  { viewing }: Partial<Pick<Parts, 'viewing'>>,
  run: Pick<RunView, 'id' | 'result'>,
  person?: Person,
): Html | '' {
  if (viewing?.program.isInstalled !== true) return '';
  const isEditable = run.result?.kind === 'segmentation' && person !== undefined && may(person, 'read');
  const edit = isEditable ? html` <a class="button edit-in-viewer" href="/runs/${run.id}/viewer?edit">Edit</a>` : '';
  return html`<a class="button open-viewer" href="/runs/${run.id}/viewer">Open in viewer</a>${edit}`;
}

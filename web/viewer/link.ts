import { html } from 'hono/html';
import type { RunView } from '../../schemas/api.ts';
import type { Html } from '../pages/layout.ts';
import type { Parts } from '../parts.ts';

/** The link from a run's page to its study in the viewer; nothing where the viewer is not installed. */
export function viewerLink({ viewing }: Partial<Pick<Parts, 'viewing'>>, run: Pick<RunView, 'id'>): Html | '' {
  if (viewing?.program.isInstalled !== true) return '';
  return html`<a class="button open-viewer" href="/runs/${run.id}/viewer">Open in viewer</a>`;
}

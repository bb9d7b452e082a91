import { html } from 'hono/html';
import type { VolumeAgreement } from '../../../schemas/report.ts';
import type { Html } from '../../pages/layout.ts';
import { duration, fixed, measured, spread } from '../figures.ts';
import { agreementPlot } from '../plot.ts';
import { type ArmFigures, section, table } from './section.ts';

/** Volumes that people measured beside those of the model; nothing where there are none. */
export function volumesSection({ volumes }: ArmFigures): Html | string {
  if (volumes.length === 0) return '';
  return section(
    'Volumes: people and the model',
    html`${table(
      [
        'Structure',
        'Whose',
        'Pairs',
        'Bias (person − model)',
        'Limits of agreement',
        'Dice',
        '95 % surface distance',
        'Time',
      ],
      volumes.map(volumeRow),
    )}
<div class="matrices">${volumes.map(agreementPlot)}</div>
<p class="muted">Exams of one patient are a cluster: limits hold differences between patients and within them, and intervals count patients, not pairs.
There are none where the pairs are of fewer than three patients with several exams. An edit begins at the model’s outline, so it tells how much a person changed, not how a
person would have drawn it.</p>`,
  );
}

function volumeRow(of: VolumeAgreement): Html {
  const { structure, source, pairs, exams, patients, blandAltman, rows } = of;
  const limits =
    'because' in blandAltman
      ? html`<td colspan="2" class="muted">– <span class="side-source">${blandAltman.because}</span></td>`
      : html`<td>${measured(blandAltman.bias, 'mL')}</td><td>${measured(blandAltman.lowerLimit, 'mL')}<br>${measured(blandAltman.upperLimit, 'mL')}</td>`;
  return html`<tr><th scope="row">${structure}</th><td>${source}</td>
<td class="number"><a href="${rows}">${pairs}</a><span class="second">${exams === 1 ? '1 exam' : `${exams} exams`}<br>${patients === 1 ? '1 patient' : `${patients} patients`}</span></td>${limits}
<td>${spread(of.dice, fixed)}</td><td>${spread(of.surfaceDistance95, (mm) => `${mm.toFixed(1)} mm`)}</td><td>${spread(of.minutes, duration)}</td></tr>`;
}

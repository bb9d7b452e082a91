import { html } from 'hono/html';
import type { PatientView } from '../../lib/archive/read.ts';
import type { Html } from './layout.ts';

const SEXES: Readonly<Record<string, string>> = { F: 'female', M: 'male', O: 'other' };

/** Who is on the images: a reader must be able to check that this is the right person. */
export function patientHeader(patient: PatientView | undefined): Html {
  if (patient === undefined)
    return html`<p class="patient muted">Patient unknown: the archive holds no data of this study.</p>`;
  const field = (label: string, value: string | null) =>
    html`<div><dt>${label}</dt><dd>${value === null || value === '' ? html`<span class="muted">not given</span>` : value}</dd></div>`;
  return html`<dl class="patient">
${field('Patient', personName(patient.name))}${field('Patient ID', patient.patientId)}${field('Born', calendarDate(patient.birthDate))}${field('Sex', SEXES[patient.sex ?? ''] ?? patient.sex)}
</dl>`;
}

/** A DICOM person name (PS3.5 6.2.1) as people write it: "Family, Given Middle"; other scripts follow in brackets. */
export function personName(name: string | null): string | null {
  if (name === null) return null;
  const [first, ...others] = name
    .split('=')
    .map((group) => {
      const [family = '', given = '', middle = ''] = group.split('^').map((part) => part.trim());
      return [family, `${given} ${middle}`.trim()].filter((part) => part !== '').join(', ');
    })
    .filter((group) => group !== '');
  if (first === undefined) return null;
  return others.length === 0 ? first : `${first} (${others.join(', ')})`;
}

/** A DICOM date, `19500131`, as `1950-01-31`; what has another form stays as it is. */
export function calendarDate(date: string | null): string | null {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(date ?? '') ?? [];
  return year === undefined ? date : `${year}-${month}-${day}`;
}

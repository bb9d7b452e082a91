import { html } from 'hono/html';
import type { ExamView } from '../../lib/archive/exams.ts';
import type { PatientView } from '../../lib/archive/read.ts';
import type { Html } from './layout.ts';

/** PatientSex in words. */
export const SEXES: Readonly<Record<string, string>> = { F: 'female', M: 'male', O: 'other' };

/** Who is on the images: a reader must be able to check that this is the right person. */
export function patientHeader(patient: PatientView | undefined): Html {
  if (patient === undefined)
    return html`<p class="patient muted">Patient unknown: the archive holds no data of this study.</p>`;
  return html`<dl class="patient">
${person(patient)}
</dl>`;
}

/** Whose exam it is, and which: date, description and accession number as the PACS has them. */
export function examHeader(exam: ExamView | undefined): Html {
  if (exam === undefined) return patientHeader(undefined);
  return html`<dl class="patient">
${person(exam)}
${field('Exam', calendarDate(exam.studyDate))}${field('Description', exam.studyDescription)}${field('Accession', exam.accessionNumber)}
</dl>${exam.isRestated === true ? html`<p class="notice is-warning">Its images state another patient, and so does the viewer: people have said since whose exam it is.</p>` : ''}`;
}

function person({ name, patientId, birthDate, sex }: PatientView): Html {
  return html`${field('Patient', personName(name))}${field('Patient ID', patientId)}${field('Born', calendarDate(birthDate))}${field('Sex', SEXES[sex ?? ''] ?? sex)}`;
}

function field(label: string, value: string | null): Html {
  return html`<div><dt>${label}</dt><dd>${value === null || value === '' ? html`<span class="muted">not given</span>` : value}</dd></div>`;
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

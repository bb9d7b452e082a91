import { html } from 'hono/html';
import type { RunView } from '../../schemas/api.ts';
import type { Reading, Stage } from '../../schemas/evaluation.ts';
import type { Html } from '../pages/layout.ts';

/** A form that was begun on an earlier run of the exam, and not sent. */
export interface Begun {
  readonly run: string;
  readonly stage: Stage;
  readonly fields: Readonly<Record<string, string>>;
}

/** What a page tells beside its form of other runs of the exam. */
export interface Amended {
  readonly run: RunView;
  /** The newest run, where it is another. */
  readonly newer: RunView | undefined;
  /** What is asked of the person about this run now. */
  readonly asked: Stage | undefined;
  readonly begun: Begun | undefined;
  readonly reading: Reading;
}

/**
 * What a reader can decide when a newer run of the exam is there. The page asks for this place again whenever a run of the
 * exam changes, while the form beside it stays as it is: so it stands apart from the form, and is there when it is empty.
 */
export function amendedRegion(of: Amended): Html {
  return html`<div class="amended" data-live-region="form-amended">${of.newer === undefined ? takeOver(of) : choice(of, of.newer)}</div>`;
}

function choice({ asked, reading }: Amended, newer: RunView): Html | string {
  if (asked === undefined) return '';
  const isUnderWay = newer.status === 'queued' || newer.status === 'running';
  const isBlind = asked === 'unaided' && reading.mode === 'unaided-first';
  return html`<section class="notice is-warning" role="status" aria-label="A newer run of this exam">
<p><strong>Images came later or were changed: there is a newer run${isUnderWay ? ', not ready yet' : ''}.</strong>
What you entered is kept. Sent here, it stays with the earlier result and is not counted${isBlind ? '; and the model’s result is shown' : ''}.</p>
<p class="actions"><a class="button" href="/runs/${newer.id}">See the newer run</a> <a href="#feedback">Finish this one</a></p></section>`;
}

function takeOver({ run, asked, begun }: Amended): Html | string {
  if (begun === undefined || begun.stage !== asked) return '';
  return html`<section class="notice" role="status" aria-label="A form that you had begun">
<p>You had begun this form on an earlier run of the exam. It is kept there.</p>
<p class="actions"><a class="button" href="/runs/${run.id}?begun=${begun.run}#feedback">Take over what you entered</a> <a href="/runs/${begun.run}#feedback">Open it there</a></p></section>`;
}

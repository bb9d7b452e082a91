import { describe, expect, it } from 'vitest';
import type { RunView } from '../../schemas/api.ts';
import { DetectionResult } from '../../schemas/result.ts';
import type { Role } from '../../schemas/rights.ts';
import { loadAssets } from '../assets.ts';
import { runPage } from '../runs/page.ts';
import { studyPage } from '../studies/page.ts';
import { hip } from '../testing/results.ts';
import { worklistPage } from '../worklist/page.ts';
import { errorPage } from './error.ts';
import { calendarDate, personName } from './patient.ts';

/** What a hostile scanner writes into every tag that reaches a page. */
const HOSTILE = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`;

const parts = {
  assets: loadAssets(),
  site: { name: HOSTILE, mode: 'test' as const },
  pipelines: new Map([['hip-fracture-detection', { title: HOSTILE, version: '1.0.0', calledAETitle: HOSTILE }]]),
  dicom: { host: '127.0.0.1', port: 11112, aeTitle: HOSTILE },
};
const person = (name: string, role: Role) => ({ name, grants: [{ role, evaluation: null }] });
const viewer = {
  person: person(HOSTILE, 'administrator'),
  formToken: HOSTILE,
  theme: 'dark' as const,
};
const exam = {
  ...{ name: HOSTILE, patientId: HOSTILE, birthDate: HOSTILE, sex: HOSTILE },
  ...{ studyInstanceUid: '1.2.5', accessionNumber: HOSTILE, studyDate: HOSTILE, studyDescription: HOSTILE },
};

function madeView(overrides: Partial<RunView> = {}): RunView {
  const image = {
    sopInstanceUid: '1.2.3',
    seriesInstanceUid: '1.2.4',
    rows: 100,
    columns: 100,
    lossy: true,
    scope: 1,
    hips: [hip({ class: HOSTILE, scores: { [HOSTILE]: 0.5 } })],
    notes: [HOSTILE],
    preview: { png: 'p', gray16: 'g', rows: 10, columns: 10 },
  };
  const at = '2026-01-31T08:15:00.000Z';
  return {
    id: 'a'.repeat(64),
    pipeline: 'hip-fracture-detection',
    pipelineVersion: '1.0.0',
    studyInstanceUid: '1.2.5',
    status: 'succeeded',
    reason: null,
    createdAt: at,
    finishedAt: at,
    amends: null,
    replayOf: null,
    triggers: [{ kind: 'called-ae-title', by: HOSTILE, at }],
    models: [{ name: HOSTILE, version: HOSTILE, sha256: HOSTILE }],
    steps: [
      {
        name: HOSTILE,
        operator: HOSTILE,
        status: 'failed',
        attempts: 1,
        startedAt: at,
        finishedAt: null,
        error: HOSTILE,
        retryable: true,
        device: { kind: 'cpu', name: HOSTILE, threads: 1 },
        timings: null,
      },
    ],
    result: {
      run: 'a'.repeat(64),
      pipeline: 'hip-fracture-detection',
      pipelineVersion: '1.0.0',
      studyInstanceUid: '1.2.5',
      models: [],
      publishedAt: at,
      kind: 'detection',
      objects: {},
      images: [image],
      summary: {
        rule: HOSTILE,
        sides: [{ side: null, class: HOSTILE, confidence: 0.5, disagreement: true, images: 1 }],
        qualityReview: [HOSTILE],
      },
    },
    ...overrides,
  };
}

describe('pages', () => {
  const failed = madeView({ status: 'failed', reason: HOSTILE, result: null });
  const held = {
    studyInstanceUid: '1.2.5',
    state: 'complete' as const,
    instances: 1,
    series: 1,
    lastReceivedAt: failed.createdAt,
    quarantined: 1,
  };
  const page = { related: [], exam, feedback: undefined };
  const list = {
    amended: new Set<string>(),
    exams: new Map([['1.2.5', exam]]),
    search: undefined,
    unreadable: [],
    filter: {},
    next: null,
    paged: false,
  };
  it.each([
    ['run', runPage(parts, viewer, { run: madeView(), ...page })],
    ['failed run', runPage(parts, viewer, { run: failed, ...page })],
    ['worklist', worklistPage(parts, viewer, { runs: [madeView(), failed], ...list })],
    ['empty worklist', worklistPage(parts, viewer, { runs: [], ...list })],
    [
      'study',
      studyPage(parts, viewer, {
        study: { ...held, routes: [{ route: HOSTILE, matched: false, reason: HOSTILE }], runs: [failed] },
        exam,
        quarantine: [{ reason: HOSTILE, instances: 1 }],
      }),
    ],
    ['error', errorPage(parts, viewer, { type: 'about:blank', title: HOSTILE, status: 500, detail: HOSTILE })],
  ])('show hostile text as text: %s', (_, html) => {
    const text = String(html);
    expect(text).toContain('&lt;script&gt;');
    expect(text).not.toMatch(/<script>alert|<img src=x/);
    expect(text, 'no style or handler in the markup, which the policy would refuse').not.toMatch(
      /\sstyle=|\son[a-z]+=["']?[a-z]+\(/,
    );
  });

  it('tell apart "no hip found" and "no fracture"', () => {
    const result = DetectionResult.parse(madeView().result);
    const empty = { ...result, summary: { ...result.summary, sides: [] } };
    expect(String(runPage(parts, viewer, { run: madeView({ result: empty }), ...page }))).toContain(
      'not the same as "no fracture"',
    );
  });

  it.each([
    [{ side: 'left', sideSource: 'assumed' }, 'Side assumed from the usual way of hanging'],
    [{ side: null, sideSource: 'assumed' }, 'Side not known'],
    [{ side: null, sideSource: 'contradictory' }, 'the image contradicts itself'],
  ] as const)('say how the side is known: %o', (known, words) => {
    const result = DetectionResult.parse(madeView().result);
    const [image] = result.images;
    if (image === undefined) throw new Error('made with an image');
    const run = madeView({ result: { ...result, images: [{ ...image, hips: [hip(known)] }] } });
    expect(String(runPage(parts, viewer, { run, ...page }))).toContain(words);
  });

  it('point to a newer run of the same exam, and only to a newer one', () => {
    const newer = madeView({ id: 'b'.repeat(64), createdAt: '2026-02-01T08:00:00.000Z' });
    const older = madeView({ id: 'c'.repeat(64), createdAt: '2026-01-01T08:00:00.000Z' });
    const text = String(runPage(parts, viewer, { ...page, run: madeView(), related: [newer, older] }));
    expect(text).toContain(`/runs/${newer.id}`);
    expect(text).not.toContain(`/runs/${older.id}`);
  });

  it('tell a replay from the run that counts: on the worklist, and among the runs of its exam', () => {
    const replay = madeView({ id: 'b'.repeat(64), replayOf: 'a'.repeat(64) });
    const study = { ...held, routes: [], runs: [madeView(), replay] };
    const texts = [
      worklistPage(parts, viewer, { runs: study.runs, ...list }),
      studyPage(parts, viewer, { study, exam, quarantine: [] }),
    ];
    for (const text of texts) expect(String(text).match(/only a replay/g)).toHaveLength(1);
  });

  it('offer another try to administrators only', () => {
    const reader = { ...viewer, person: person('reader', 'reader') };
    expect(String(runPage(parts, viewer, { ...page, run: failed }))).toContain('Try again');
    expect(String(runPage(parts, reader, { ...page, run: failed }))).not.toContain('Try again');
  });

  it.each(['administrator', 'reader'] as const)('offer no other try of what can never work: to a %s', (role) => {
    const steps = failed.steps.map((step) => ({ ...step, retryable: false }));
    const text = String(
      runPage(parts, { ...viewer, person: person(role, role) }, { ...page, run: { ...failed, steps } }),
    );
    expect(text).toContain('Trying again cannot help');
    expect(text).not.toMatch(/Try again|can try again/);
  });
});

describe('words', () => {
  it.each([
    ['Müller^Anna^Maria', 'Müller, Anna Maria'],
    ['Yamada^Tarou=山田^太郎', 'Yamada, Tarou (山田, 太郎)'],
    ['ONLY', 'ONLY'],
    ['^', null],
    [null, null],
  ])('the name %j is shown as %j', (name, shown) => {
    expect(personName(name)).toBe(shown);
  });

  it.each([
    ['19500131', '1950-01-31'],
    ['about 1950', 'about 1950'],
    [null, null],
  ])('the date %j is shown as %j', (date, shown) => {
    expect(calendarDate(date)).toBe(shown);
  });
});

/** Every statistic of a report, and what other people's programs make of the same exported tables. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { BlindedReport } from '../../schemas/blinded.ts';
import type { Evaluation } from '../../schemas/evaluation.ts';
import { type EstimateView, EvaluationReport, type SpreadView } from '../../schemas/report.ts';
import { askingAbout } from '../../web/testing/reads.ts';
import { makeWorld, type World } from '../../web/testing/world.ts';
import { irrCac, statistics } from '../peers/python.ts';
import { describeWith } from '../peers/skip.ts';
import { startTestPostgres, type TestPostgres } from '../postgres.ts';
import { BLINDED_READS, putBlindedCopies } from './statistics/blinded.ts';
import { HIP_READS, LIVER_READS, putHipReads, putLiverEdits } from './statistics/reads.ts';

const run = promisify(execFile);
const SCRIPTS = path.join(import.meta.dirname, 'statistics');
const LIMIT_MS = 300_000;
const TABLES = ['export', 'cases', 'reference', 'volumes'];

const Found = z.record(z.string(), z.array(z.number()));
type Found = z.infer<typeof Found>;

const [peer, irr] = await Promise.all([statistics(), irrCac()]);

let postgres: TestPostgres;
let world: World;
let folder: string;
const reports = new Map<string, EvaluationReport>();

beforeAll(async () => {
  if (peer === undefined && irr === undefined) return;
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url, [BLINDED_READS]);
  folder = mkdtempSync(path.join(tmpdir(), 'overread-statistics-'));
  await putHipReads(world);
  await putLiverEdits(world);
  await putBlindedCopies(world);
  const ask = askingAbout(world, [HIP_READS, LIVER_READS]);
  for (const { name } of [HIP_READS, LIVER_READS]) {
    mkdirSync(path.join(folder, name));
    for (const table of TABLES) {
      const response = await ask(`/evaluations/${name}/${table}.csv`);
      writeFileSync(path.join(folder, name, `${table}.csv`), await response.text());
    }
    reports.set(name, EvaluationReport.parse(await (await ask(`/api/v1/evaluations/${name}/report`)).json()));
  }
}, LIMIT_MS);
afterAll(async () => {
  await world?.close();
  await postgres?.stop();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

/** What a figure of ours is called, and its numbers; those that cannot be computed have none. */
type Figures = Map<string, number[]>;

const estimate = (figures: Figures, name: string, of: EstimateView) => {
  if (!('because' in of)) figures.set(name, [of.value, of.low, of.high]);
};
const spread = (figures: Figures, name: string, of: SpreadView) => {
  if ('because' in of) return;
  figures.set(`spread ${name}`, [of.minimum, of.firstQuartile, of.median, of.thirdQuartile, of.maximum]);
};

/** All figures of a report under the names that peer.py gives them. */
function figuresOf(report: EvaluationReport): Figures {
  const figures: Figures = new Map();
  for (const { question, stage, pairs, icc } of report.agreement) {
    for (const { readers, cases, alike, kappa, linearKappa, quadraticKappa } of pairs) {
      const name = `${question} ${stage} ${readers.join(' ')}`;
      estimate(figures, `kappa ${name} none`, kappa);
      if (linearKappa !== null) estimate(figures, `kappa ${name} linear`, linearKappa);
      if (quadraticKappa !== null) estimate(figures, `kappa ${name} quadratic`, quadraticKappa);
      figures.set(`alike ${name}`, [cases, alike]);
    }
    if (icc === null || 'because' in icc) continue;
    estimate(figures, `icc agreement ${question} ${stage}`, icc.agreement);
    estimate(figures, `icc consistency ${question} ${stage}`, icc.consistency);
  }
  for (const { reader, stage, group, ...of } of report.accuracy) {
    const who = reader === null ? `model ${group}` : `${reader} ${stage}`;
    for (const [name, one] of Object.entries({
      sensitivity: of.sensitivity,
      specificity: of.specificity,
      ppv: of.positivePredictiveValue,
      npv: of.negativePredictiveValue,
    })) {
      estimate(figures, `wilson ${name} ${who}`, one.wilson);
      estimate(figures, `clustered ${name} ${who}`, one.clustered);
    }
  }
  const ofReference = report.reference === null ? [] : [{ who: 'reference', ...report.reference.confusion }];
  const ofReaders = report.confusion.map(({ reader, stage, ...of }) => ({ who: `${reader} ${stage}`, ...of }));
  for (const { who, categories, table } of [...ofReference, ...ofReaders]) {
    for (const [row, value] of categories.entries()) {
      for (const [column, model] of categories.entries()) {
        const count = table[row]?.[column] ?? 0;
        if (count > 0) figures.set(`confusion ${who} ${value} ${model}`, [count]);
      }
    }
  }
  for (const { reader, cases, unchanged, towards, away, corrected, spoiled } of report.influence) {
    figures.set(`influence ${reader}`, [cases, unchanged, towards, away, corrected ?? 0, spoiled ?? 0]);
  }
  for (const { reader, stage, active, whole } of report.reviewTimes) {
    spread(figures, `active ${reader} ${stage}`, active);
    spread(figures, `whole ${reader} ${stage}`, whole);
  }
  for (const { name, minutes } of report.times) spread(figures, name, minutes);
  for (const { structure, source, blandAltman, dice, surfaceDistance95, minutes } of report.volumes) {
    const name = `${structure} ${source}`;
    if (!('because' in blandAltman)) {
      estimate(figures, `bias ${name}`, blandAltman.bias);
      estimate(figures, `lower ${name}`, blandAltman.lowerLimit);
      estimate(figures, `upper ${name}`, blandAltman.upperLimit);
    }
    spread(figures, `dice ${name}`, dice);
    spread(figures, `surface_distance_95_mm ${name}`, surfaceDistance95);
    spread(figures, `minutes ${name}`, minutes);
  }
  return figures;
}

/** What peer.py must know of the questions. */
function scalesOf({ questions, reference }: Evaluation) {
  const values = (question: Evaluation['questions'][number]) => {
    if (question.kind === 'rating') {
      return Array.from({ length: question.to - question.from + 1 }, (_, step) => `${question.from + step}`);
    }
    return 'options' in question ? question.options.map(({ value }) => value) : null;
  };
  const scales = questions.map((question) => [question.name, { kind: question.kind, values: values(question) }]);
  const signs = (['positive', 'negative'] as const).flatMap((sign) =>
    (reference?.[sign] ?? []).map((value) => [value, sign]),
  );
  return {
    ...Object.fromEntries(scales),
    reference: { question: reference?.question ?? null, ...Object.fromEntries(signs) },
  };
}

/** Equal to six digits: more than the four that are asked for. */
function expectSame(name: string, ours: readonly number[] | undefined, theirs: readonly number[]): void {
  expect(ours, name).toHaveLength(theirs.length);
  for (const [index, expected] of theirs.entries()) {
    const off = Math.abs((ours?.[index] ?? Number.NaN) - expected);
    expect(off, `${name}: ${ours?.join(', ')}; the peer: ${theirs.join(', ')}`).toBeLessThan(
      1e-6 * Math.max(1, Math.abs(expected)),
    );
  }
}

describeWith('statsmodels, scikit-learn, pingouin, SciPy', peer, 'no Python 3 with them', (python) => {
  describe.each([HIP_READS, LIVER_READS])('$name', (evaluation) => {
    let theirs: Found;
    beforeAll(async () => {
      const own = path.join(folder, evaluation.name);
      const scales = path.join(own, 'scales.json');
      writeFileSync(scales, JSON.stringify(scalesOf(evaluation)));
      const { stdout } = await run(python, [path.join(SCRIPTS, 'peer.py'), own, scales], { maxBuffer: 1 << 26 });
      theirs = Found.parse(JSON.parse(stdout.replaceAll('NaN', 'null')));
    }, LIMIT_MS);

    it('gives every figure that they give, to six digits', () => {
      const ours = figuresOf(reports.get(evaluation.name) ?? expect.fail('there is no report'));
      const wanted = Object.entries(theirs).filter(
        ([name, values]) => !(name.startsWith('confusion') && values[0] === 0),
      );
      expect(wanted.length).toBeGreaterThanOrEqual(evaluation === HIP_READS ? 250 : 20);
      for (const [name, values] of wanted) expectSame(name, ours.get(name), values);
    });

    it('gives none that they do not', () => {
      const ours = figuresOf(reports.get(evaluation.name) ?? expect.fail('there is no report'));
      expect([...ours.keys()].filter((name) => theirs[name] === undefined)).toEqual([]);
    });
  });
});

describeWith('statsmodels and SciPy on blinded reads', peer, 'no Python 3 with them', (python) => {
  it(
    'give the same limits of agreement between sources, by patient, to six digits',
    async () => {
      const { name, reading } = BLINDED_READS;
      const file = path.join(folder, 'blinded-volumes.csv');
      writeFileSync(file, await (await world.api(`/evaluations/${name}/volumes.csv`)).text());
      const { stdout } = await run(python, [path.join(SCRIPTS, 'blinded.py'), file, ...(reading.sources ?? [])]);
      const theirs = Found.parse(JSON.parse(stdout));
      const { volumes } = BlindedReport.parse(await (await world.api(`/api/v1/evaluations/${name}/blinded`)).json());
      const ours: Figures = new Map();
      for (const { structure, first, second, exams, patients, blandAltman } of volumes) {
        const pair = `${structure} ${first} ${second}`;
        ours.set(`counts ${pair}`, [exams, patients]);
        if ('because' in blandAltman) continue;
        estimate(ours, `bias ${pair}`, blandAltman.bias);
        estimate(ours, `lower ${pair}`, blandAltman.lowerLimit);
        estimate(ours, `upper ${pair}`, blandAltman.upperLimit);
      }
      expect([...ours.keys()].sort()).toEqual(Object.keys(theirs).sort());
      expect(ours.size).toBe(2 * 3 * 4);
      expect(ours.get('counts left-lobe model expert')).toEqual([31, 11]);
      expect(ours.get('counts left-lobe model novice'), 'one of the patients has none').toEqual([27, 10]);
      for (const [figure, values] of Object.entries(theirs)) expectSame(figure, ours.get(figure), values);
    },
    LIMIT_MS,
  );
});

describeWith('irrCAC', irr, 'no Python 3 with irrCAC', (python) => {
  it(
    'gives the same Fleiss’ kappa and interval, to six digits',
    async () => {
      const file = path.join(folder, 'hips', 'export.csv');
      const { stdout } = await run(python, [path.join(SCRIPTS, 'irrcac.py'), file], { maxBuffer: 1 << 26 });
      const theirs = Found.parse(JSON.parse(stdout));
      expect(Object.keys(theirs)).toHaveLength(4);
      for (const [name, values] of Object.entries(theirs)) {
        const own = reports.get('hips')?.agreement.find(({ question, stage }) => `${question} ${stage}` === name);
        const kappa = own?.fleissKappa ?? { because: 'not asked' };
        expectSame(name, 'because' in kappa ? undefined : [kappa.value, kappa.low, kappa.high], values);
      }
    },
    LIMIT_MS,
  );
});

/** What the operations are about, for tools that list them. */
export const TAGS = [
  { name: 'Runs', description: 'What was made of which exam, how, and where its objects went.' },
  { name: 'Exams', description: 'What was received, where it went, whose it is.' },
  { name: 'Over time', description: 'Volumes of a patient’s exams, compared.' },
  { name: 'Answers', description: 'What waits for a reader, and what readers answered.' },
  { name: 'Evaluations', description: 'Reports, tables, readers, and approvals.' },
  { name: 'People', description: 'Who may do what, and who did.' },
  { name: 'This API', description: 'Its own description.' },
  { name: 'DICOMweb', description: 'Images and results by DICOM PS3.18.' },
] as const;

/** By the beginning of the address; the first that fits. */
const TAG_OF: readonly (readonly [RegExp, (typeof TAGS)[number]['name']])[] = [
  [/^\/dicomweb/, 'DICOMweb'],
  [/^\/(runs\/\{id\}\/trend|trends)/, 'Over time'],
  [/^\/(runs\/\{id\}\/feedback|reading|copies)/, 'Answers'],
  [/^\/runs/, 'Runs'],
  [/^\/(studies|quarantine|patients)/, 'Exams'],
  [/^\/(evaluations|approvals)/, 'Evaluations'],
  [/^\/(me|accounts|audit)/, 'People'],
  [/^\/openapi/, 'This API'],
];

/** Things that examples name. A test puts those of its own site in their place, and runs every example. */
export const EXAMPLE = {
  run: '3f5c0a1e9d2b47688a6f0c1d2e3f405162738495a6b7c8d9e0f1a2b3c4d5e6f7',
  /** One that failed. */
  failed: '7d1a54127b222502f5b79b5fb0803061152a44f92b37e23c6527baf665d4da9a',
  study: '2.25.93288542222179109324807097852823067488',
  series: '2.25.93288542222179109324807097852823067488.3',
  instance: '2.25.93288542222179109324807097852823067488.3.12',
  /** The exam, as the address of a look at a trend names it. */
  exam: '93288542222179ab',
  state: 'b1946ac92492d2347c6235b4d2611184e9c8a7f60d5b4c3a29180716253443f1',
  object: '8c7dd922ad47494fc02c388e12c00eac278d4ad4f17e8b0f5c1e2d3a4b59687c',
  quarantined: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
} as const;

const REASON = 'Checked against the images.';
const PERSON = 'lea';
const id = (last: number) => `0b7a4c9e-5a1d-4f52-9c39-7f0d6a2e8b${String(last).padStart(2, '0')}`;

/** Values of parameters, by name; what an operation wants otherwise stands below. */
const PARAMETERS: Readonly<Record<string, unknown>> = {
  id: EXAMPLE.run,
  study: EXAMPLE.study,
  series: EXAMPLE.series,
  instance: EXAMPLE.instance,
  frames: '1',
  path: '0020000D',
  studyInstanceUid: EXAMPLE.study,
  StudyInstanceUID: EXAMPLE.study,
  pipeline: 'liver-transplant-segmentation',
  digest: EXAMPLE.state,
  sha256: EXAMPLE.quarantined,
  table: 'export.csv',
  baseline: EXAMPLE.exam,
};

/** Of single operations. */
const OTHERWISE: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  retryRun: { id: EXAMPLE.failed },
  reassignExams: { name: 'hip-fracture-detection' },
};

/** `name` is of an evaluation or of an account. */
const nameIn = (address: string) => (address.startsWith('/accounts') ? PERSON : 'liver-transplant-segmentation');

/** Bodies, by operationId. */
const BODIES: Readonly<Record<string, unknown>> = {
  decideApproval: {
    id: id(1),
    pipeline: 'liver-transplant-segmentation',
    pipelineVersion: '1.0.0',
    decision: 'approved',
    reason: 'Decided by the committee on 3 March.',
  },
  sendFeedback: {
    id: id(2),
    evaluationVersion: '1.1.0',
    stage: 'aided',
    answers: [
      { question: 'outline', subject: 'left-lobe', value: 'as-it-is' },
      { question: 'outline', subject: 'right-lobe', value: 'small-corrections' },
      { question: 'outline', subject: 'vessels', value: 'as-it-is' },
      { question: 'division', subject: 'exam', value: 'fits' },
    ],
  },
  sendCopyFeedback: {
    id: id(5),
    evaluationVersion: '1.0.0',
    stage: 'blinded',
    answers: [
      { question: 'outline', subject: 'left-lobe', value: 4 },
      { question: 'outline', subject: 'right-lobe', value: 3 },
      { question: 'outline', subject: 'vessels', value: 3 },
      { question: 'plan', subject: 'exam', value: 'small-corrections' },
    ],
  },
  addTrendEntry: {
    id: id(3),
    kind: 'baseline',
    studyInstanceUid: EXAMPLE.study,
    reason: 'First exam after the operation.',
  },
  sendEdit: { receivers: ['research-archive'] },
  sendTrendReport: { state: EXAMPLE.state, object: EXAMPLE.object, receivers: ['research-archive'] },
  decideQuarantined: { decision: 'discard', reason: REASON },
  statePatientChange: { id: id(4), change: { kind: 'move', exam: EXAMPLE.study, to: 'new' }, reason: REASON },
  previewPatientChange: { change: { kind: 'move', exam: EXAMPLE.study, to: 'new' } },
  reassignExams: { from: 'rada', to: 'rolf', reason: 'On leave until May.' },
  makeAccount: { name: PERSON, password: 'a long first password', grants: [{ role: 'evaluation-lead' }] },
  setGrants: { grants: [{ role: 'reader', evaluation: 'liver-transplant-segmentation' }] },
  setDisabled: { disabled: true },
  setPassword: { password: 'another long password' },
};

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly [more: string]: unknown }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, object>>; readonly [more: string]: unknown };
  readonly [more: string]: unknown;
}
type Methods = Readonly<Record<string, Operation>>;

/** Paths with the tag of each operation, and examples of what it is given. */
export function withExamples(paths: Readonly<Record<string, Methods>>): Record<string, Methods> {
  const all = Object.entries(paths).map(([address, methods]) => {
    const tags = [TAG_OF.find(([pattern]) => pattern.test(address))?.[1]].filter((tag) => tag !== undefined);
    const operations = Object.entries(methods).map(([method, operation]) => [
      method,
      { ...operation, tags, ...given(address, operation) },
    ]);
    return [address, Object.fromEntries(operations)];
  });
  return Object.fromEntries(all);
}

function given(address: string, { operationId, parameters, requestBody }: Operation): object {
  const body = BODIES[operationId];
  const example = (name: string) =>
    OTHERWISE[operationId]?.[name] ?? (name === 'name' ? nameIn(address) : PARAMETERS[name]);
  return {
    ...(parameters === undefined
      ? {}
      : {
          parameters: parameters.map((parameter) =>
            example(parameter.name) === undefined ? parameter : { ...parameter, example: example(parameter.name) },
          ),
        }),
    ...(requestBody === undefined || body === undefined
      ? {}
      : {
          requestBody: {
            ...requestBody,
            content: Object.fromEntries(
              Object.entries(requestBody.content).map(([type, content]) => [type, { ...content, example: body }]),
            ),
          },
        }),
  };
}

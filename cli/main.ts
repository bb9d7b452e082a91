#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { ConfigurationError, readConfiguration } from '../lib/platform/configuration.ts';
import { CommandError, EXIT } from './exit.ts';
import { runningConfiguration } from './up/running.ts';

const program = new Command('overread')
  .description('Takes machine-learning models for radiology into the clinic, on the hospital’s own machines.')
  .addHelpText(
    'after',
    '\nSettings come from the environment and from the file that OVERREAD_CONFIG names: docs/administrator.md.',
  )
  .exitOverride()
  .showHelpAfterError();

/** Of an option that may be repeated. */
const collect = (value: string, earlier: readonly string[]) => [...earlier, value];

program
  .command('up')
  .description('start every part on this machine and keep it alive until Ctrl-C')
  .action(async () => (await import('./commands/up.ts')).up(readConfiguration(process.env)));

program
  .command('demo')
  .description('start with an empty data folder and send phantom studies')
  .option('--once', 'stop when the results are there; status 0 only if every run succeeded', false)
  .action(async (options) => (await import('./commands/demo.ts')).demo(options));

program
  .command('status')
  .description('say what runs and whether it is ready')
  .option('--json', 'as JSON', false)
  .action(async (options) => (await import('./commands/status.ts')).status(runningConfiguration(process.env), options));

program
  .command('send')
  .description('send DICOM files by C-STORE, byte for byte')
  .argument('<path>', 'a folder, with everything below it, or a file')
  .requiredOption('--to <host:port>', 'the receiver')
  .requiredOption('--aet <title>', 'called AE title')
  .option('--from <title>', 'calling AE title', 'OVERREAD_SEND')
  .action(async (source, options) => (await import('./commands/send.ts')).send(source, options));

program
  .command('runs')
  .description('list runs, newest first')
  .option('--study <uid>', 'only those of this StudyInstanceUID')
  .option('--json', 'as JSON', false)
  .action(async (options) => (await import('./commands/runs.ts')).listRuns(runningConfiguration(process.env), options));

const run = program.command('run').description('show or retry one run');
run
  .command('show')
  .description('what one run says: status, steps with their attempts, deliveries')
  .argument('<id>')
  .action(async (id) => (await import('./commands/runs.ts')).showRun(runningConfiguration(process.env), id));
run
  .command('retry')
  .description('try a failed run again')
  .argument('<id>')
  .action(async (id) => (await import('./commands/runs.ts')).retryRun(runningConfiguration(process.env), id));

program
  .command('route')
  .description('ask the routes')
  .command('test')
  .description('say which routes would take a DICOM file, and why the others would not')
  .argument('<file>')
  .action(async (file) => (await import('./commands/route.ts')).testRoute(readConfiguration(process.env), file));

program
  .command('segmentation')
  .description('bring in segmentations that were made elsewhere')
  .command('import')
  .description('check a DICOM SEG, RTSTRUCT or NIfTI label map against its images and measure it like the model’s')
  .argument('<file>')
  .requiredOption('--study <uid>', 'StudyInstanceUID of the exam')
  .requiredOption('--pipeline <name>', 'whose results it is held against')
  .requiredOption('--source <who>', 'expert, novice …')
  .requiredOption('--tool <name>', 'what it was made with')
  .option('--minutes <n>', 'how long it took to make')
  .option('--series <uid>', 'SeriesInstanceUID that it was drawn on, where the file does not say')
  .option('--names <structure=name>', 'what the file calls a structure; may be repeated', collect, [])
  .action(async (file, options) =>
    (await import('./commands/segmentation.ts')).importSegmentation(runningConfiguration(process.env), file, options),
  );

const patient = program
  .command('patient')
  .description('say who is who: two numbers of one patient, an exam of another one; nothing is done without --yes');
const sayings = (command: Command) =>
  command
    .option('--reason <text>', 'how it is known; without names and numbers of patients')
    .option('--yes', 'do it; else only what would change is shown', false);
sayings(
  patient
    .command('merge')
    .description(
      'two numbers are of one patient; where no exam is given, number and issuer are read from standard input',
    )
    .option('--merged-exam <uid>', 'StudyInstanceUID of an exam under the number that is given up')
    .option('--into-exam <uid>', 'StudyInstanceUID of an exam under the number that stays'),
).action(async (options) =>
  (await import('./commands/patient.ts')).mergePatients(runningConfiguration(process.env), options),
);
sayings(
  patient
    .command('move')
    .description('an exam is of another patient; where none is given, number and issuer are read from standard input')
    .argument('<exam>', 'its StudyInstanceUID')
    .option('--to-exam <uid>', 'StudyInstanceUID of an exam of that patient')
    .option('--new', 'to somebody who has no other exam here', false),
).action(async (exam, options) =>
  (await import('./commands/patient.ts')).moveExam(runningConfiguration(process.env), exam, options),
);
sayings(patient.command('undo').description('a statement holds no more').argument('<id>', 'of the statement')).action(
  async (id, options) =>
    (await import('./commands/patient.ts')).undoStatement(runningConfiguration(process.env), id, options),
);
patient
  .command('list')
  .description('what was said, newest first')
  .action(async () => (await import('./commands/patient.ts')).listStatements(runningConfiguration(process.env)));

program
  .command('replay')
  .description('run a run again on its stored inputs and compare every output with the first')
  .argument('[run]', 'run id')
  .option('--cohort <file>', 'instead of one run those of a cohort, with what is expected of each')
  .option('--model <name@version>', 'another version of a model; may be repeated', collect, [])
  .option('--installed', 'with the pipeline as it is installed now', false)
  .option('--json', 'as JSON', false)
  .action(async (id, { cohort, ...options }, command) => {
    if ((id === undefined) === (cohort === undefined)) command.error('error: give a run, or --cohort FILE');
    const { replayCohort, replayRun } = await import('./commands/replay.ts');
    const configuration = runningConfiguration(process.env);
    await (cohort === undefined ? replayRun(configuration, id, options) : replayCohort(configuration, cohort, options));
  });

program
  .command('model')
  .description('bring models in')
  .command('import')
  .description('check a MONAI bundle, or an ONNX file with a card, and put it into the store')
  .argument('<folder>')
  .action(async (folder) =>
    (await import('./commands/model.ts')).importModel(runningConfiguration(process.env), folder),
  );

program
  .command('reindex')
  .description('rebuild the index in PostgreSQL from the object store; starts nothing')
  .action(async () => (await import('./commands/reindex.ts')).reindex(readConfiguration(process.env)));

program
  .command('viewer')
  .description('the viewer of the result pages')
  .command('install')
  .description('fetch it by npm, once; results can be read without it')
  .action(async () => (await import('./commands/viewer.ts')).installViewerCommand());

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = statusOf(error);
}

function statusOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.good : EXIT.usage;
  if (error instanceof ConfigurationError) {
    console.error(error.message);
    return EXIT.usage;
  }
  if (error instanceof CommandError) {
    console.error(error.message);
    return error.status;
  }
  console.error(error);
  return EXIT.failed;
}

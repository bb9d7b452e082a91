import type { Configuration } from '../../lib/platform/configuration.ts';
import { ModelError, registerModel } from '../../lib/runs/models.ts';
import { openStore } from '../../lib/store/open.ts';
import type { ModelCard } from '../../schemas/model.ts';
import { CommandError, EXIT } from '../exit.ts';
import { ModelFolderError } from '../model/error.ts';
import { openModelFolder } from '../model/folder.ts';
import { tryModel } from '../model/trial.ts';
import { prepareDataFolder } from '../up/data-folder.ts';

/**
 * Checks the model in a folder, tries it once and puts it into the store under its name and version. A running Overread
 * finds it there.
 *
 * @throws {CommandError} (1) it cannot be used, or the store holds this version with other bytes
 */
export async function importModel(configuration: Configuration, folder: string): Promise<void> {
  const store = openStore(configuration.store);
  try {
    const { card, weightsFile, session, notes } = await openModelFolder(folder);
    try {
      const { dims, ms } = await tryModel(session, card);
      prepareDataFolder(configuration);
      await store.prepare();
      const { name, version, sha256 } = await registerModel(store, card, weightsFile);
      console.log(`Imported model ${name} ${version}, ${card.title}`);
      console.log(`  weights     ${sha256}`);
      for (const line of linesOf(card)) console.log(`  ${line}`);
      console.log(`  trial       [${dims}] in ${(ms / 1000).toFixed(2)} s on ${session.device.name}`);
      for (const note of notes) console.log(`  note        ${note}`);
      console.log(`A pipeline names it as { name: ${name}, version: ${version} }.`);
    } finally {
      await session.close();
    }
  } catch (error) {
    if (!(error instanceof ModelFolderError) && !(error instanceof ModelError)) throw error;
    throw new CommandError(EXIT.failed, error.message, error);
  } finally {
    await store.close();
  }
}

function linesOf(card: ModelCard): string[] {
  if (card.kind === 'detection') return [`classes     ${card.classes.join(', ')}`];
  const { input, window, structures } = card;
  const spacing = input.spacing === null ? 'as it comes' : `${input.spacing.join(' × ')} mm`;
  return [
    `inputs      ${input.channels.map((channel) => channel.input).join(', ')}, ${input.orientation}, ${spacing}`,
    `window      ${window === null ? 'the whole tensor' : `${window.size.join(' × ')}, overlap ${window.overlap}, ${window.weights}`}`,
    `structures  ${structures.map(({ name, label }) => `${name} (${label})`).join(', ')}`,
  ];
}

import { Command } from 'commander';
import { abdomenCommand } from './abdomen/command.ts';
import { brainCommand } from './brain/command.ts';
import { radiographCommand } from './radiograph-command.ts';

await new Command('phantoms')
  .description('Makes synthetic exams, the same for the same seed.')
  .enablePositionalOptions()
  .addCommand(radiographCommand(), { isDefault: true })
  .addCommand(abdomenCommand())
  .addCommand(brainCommand())
  .parseAsync();

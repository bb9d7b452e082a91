import { installViewer, VIEWER_FOLDER, ViewerInstallError } from '../../web/viewer/install.ts';
import { CommandError, EXIT } from '../exit.ts';

/** Fetches the viewer for the result pages. @throws {CommandError} (1) it cannot be had */
export async function installViewerCommand(): Promise<void> {
  try {
    const outcome = await installViewer();
    console.log(`The viewer is ${outcome}: ${VIEWER_FOLDER}`);
  } catch (error) {
    if (!(error instanceof ViewerInstallError)) throw error;
    throw new CommandError(EXIT.failed, `The viewer was not installed: ${error.message}`, error);
  }
}

/** Shows how far long work is: a bar that moves on a terminal, a line a quarter elsewhere. Writes to standard error. */
export interface ProgressBar {
  update(done: number): void;
  /** Ends it with a last line. */
  done(line: string): void;
}

const WIDTH = 30;

export function progressBar(label: string, total: number, out: NodeJS.WriteStream = process.stderr): ProgressBar {
  let quarter = 0;
  return {
    update: (done) => {
      if (out.isTTY) {
        const filled = Math.round((WIDTH * done) / total);
        out.write(`\r${label} [${'█'.repeat(filled)}${'·'.repeat(WIDTH - filled)}] ${done}/${total}`);
      } else if (Math.floor((4 * done) / total) > quarter) {
        quarter = Math.floor((4 * done) / total);
        out.write(`${label}: ${done} of ${total}\n`);
      }
    },
    done: (line) => {
      out.write(`${out.isTTY ? '\n' : ''}${line}\n`);
    },
  };
}

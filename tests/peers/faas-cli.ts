import { goBinary } from './go.ts';

/** The path of the real `faas-cli` (MIT), built on first use; undefined where it cannot be had. */
export function faasCli(): Promise<string | undefined> {
  return goBinary({
    name: 'faas-cli',
    module: 'github.com/openfaas/faas-cli',
    version: 'v0.0.0-20211012083206-08e3e965c831',
  });
}

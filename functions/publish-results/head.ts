import type { ImportStatement } from '../../lib/runs/import.ts';
import type { DetectionResult } from '../../schemas/result.ts';
import type { StepContext } from '../operator.ts';

export type PublishContext = StepContext<{ longestSide: number; imported: ImportStatement | null }>;

/** What every result says of itself. */
export function headOf(
  run: StepContext['run'],
): Pick<DetectionResult, 'run' | 'pipeline' | 'pipelineVersion' | 'studyInstanceUid' | 'models' | 'publishedAt'> {
  return {
    run: run.id,
    pipeline: run.pipeline.name,
    pipelineVersion: run.pipeline.version,
    studyInstanceUid: run.StudyInstanceUID,
    models: [...run.models],
    publishedAt: run.inputsAt,
  };
}

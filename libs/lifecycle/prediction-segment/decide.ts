import { accept, refuse } from '../kernel.js';
import type { Decision } from '../kernel.js';
import { instant } from '../time.js';
import type { PredictionSegmentCommand } from './commands.js';
import type { PredictionSegmentEvent } from './events.js';
import type { PredictionSegment } from './evolve.js';

export function decide({ data }: PredictionSegmentCommand, state: PredictionSegment): Decision<PredictionSegmentEvent> {
  const { facts, ...segment } = data;
  if (state.status !== 'none') return refuse('AlreadyExists', { segmentId: segment.segmentId });
  if (!facts.versions) return refuse('NotFound', { deploymentId: segment.deploymentId });
  const versions = Object.keys(segment.rows);
  if (versions.length === 0) return refuse('InvalidField', { field: 'rows', rule: 'at least one version' });
  const foreign = versions.find((version) => !facts.versions?.includes(version));
  if (foreign !== undefined) return refuse('NotAnArm', { modelVersionId: foreign, deploymentId: segment.deploymentId });
  // No permit, no serving: rows that name none would be a record of the gate having stood open.
  if (segment.permits.length === 0) return refuse('InvalidField', { field: 'permits', rule: 'at least one' });
  if (!(instant(segment.from) <= instant(segment.to)))
    return refuse('InvalidField', { field: 'to', rule: 'not before from' });
  return accept({ type: 'PredictionSegmentSealed', data: { ...segment, digest: segment.content.digest } });
}

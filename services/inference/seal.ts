import { type Application, serviceActor } from '#libs/application';
import { type Clock, deterministicId } from '#libs/runtime';
import type { PredictionLogOptions } from './prediction-log.js';

/** Seals under the identity `serving-service`; the command's id is made of the segment's, so that a repeat is one. */
export function sealThrough(application: Application, workspace: string, clock: Clock): PredictionLogOptions['seal'] {
  return (input) => {
    const now = clock.now().toISOString();
    const commandId = deterministicId('seal', workspace, input.segmentId);
    return application.execute('SealPredictionSegment', input, {
      workspace,
      actor: serviceActor(workspace, 'serving-service', now),
      commandId,
      correlationId: commandId,
      now,
    });
  };
}

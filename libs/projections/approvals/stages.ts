import type { StagePolicy } from '../../lifecycle/policy/document.js';

/** A signature as the inbox shows it. */
export interface SignatureRow {
  readonly stage: string;
  readonly signerId: string;
  readonly role: string;
  readonly meaning: string;
  readonly onBehalfOf?: string;
  readonly signedAt: string;
  readonly eventId: string;
}

export interface OpenStage {
  readonly stage: StagePolicy;
  /** RFC 3339 UTC. */
  readonly openedAt: string;
  readonly deadline: string;
}

const latest = Date.parse('9999-12-31T23:59:59.999Z');

/** The first stage whose quorum is not complete: who is asked now, since when and until when (rules 3, 4 and 25). */
export function openStage(
  stages: readonly StagePolicy[],
  signatures: readonly SignatureRow[],
  requestedAt: string,
): OpenStage | undefined {
  let openedAt = requestedAt;
  for (const stage of stages) {
    const here = signatures.filter((signature) => signature.stage === stage.id);
    const complete = stage.quorum.every(
      ({ role, minimum }) =>
        new Set(here.filter((signature) => signature.role === role).map(({ signerId }) => signerId)).size >= minimum,
    );
    if (!complete) {
      const deadline = Date.parse(openedAt) + stage.timeoutHours * 3_600_000;
      return { stage, openedAt, deadline: new Date(Math.min(deadline, latest)).toISOString() };
    }
    openedAt = here.at(-1)?.signedAt ?? openedAt;
  }
  return undefined;
}

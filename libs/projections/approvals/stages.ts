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
      const deadline = new Date(Date.parse(openedAt) + stage.timeoutHours * 3_600_000).toISOString();
      return { stage, openedAt, deadline };
    }
    openedAt = here.at(-1)?.signedAt ?? openedAt;
  }
  return undefined;
}

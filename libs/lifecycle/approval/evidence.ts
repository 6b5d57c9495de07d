import { canonicalDigest } from '../../signing/canonical.js';
import type { EvidenceFacts, GateFacts } from '../facts.js';
import { refuse } from '../kernel.js';
import type { Refused } from '../kernel.js';
import { isDue } from '../time.js';
import type { EvidencePin, Sha256, Time } from '../values.js';

/** SHA-256 over the canonical JSON of the pins, ordered by stream: the same evidence has the same digest. */
export function evidenceDigest(pins: readonly EvidencePin[]): Sha256 {
  return canonicalDigest(
    pins
      .map(({ kind, stream, revision, digest }) => ({ kind, stream, revision, digest }))
      .sort((a, b) => (a.stream < b.stream ? -1 : a.stream > b.stream ? 1 : 0)),
  );
}

/** Evidence that nobody may stand on now: withdrawn, or past its age (rule 14). */
export function refuseUnfit(evidence: readonly EvidenceFacts[], now: Time): Refused | undefined {
  for (const { pin, status, expiresAt } of evidence) {
    if (status === 'withdrawn') return refuse('EvidenceWithdrawn', { stream: pin.stream });
    if (expiresAt !== undefined && isDue(expiresAt, now))
      return refuse('EvidenceStale', { stream: pin.stream, expiresAt });
  }
  return undefined;
}

/** Rule 6: what was pinned must stand exactly as it was pinned; anything else is another decision. */
export function refuseMoved(pins: readonly EvidencePin[], evidence: readonly EvidenceFacts[]): Refused | undefined {
  for (const pin of pins) {
    const now = evidence.find((candidate) => candidate.pin.stream === pin.stream)?.pin;
    if (now?.digest !== pin.digest || now.revision !== pin.revision)
      return refuse('EvidenceChanged', {
        stream: pin.stream,
        pinned: { revision: pin.revision, digest: pin.digest },
        ...(now ? { found: { revision: now.revision, digest: now.digest } } : {}),
      });
  }
  return undefined;
}

/** A gate that did not pass, with its numbers: failing, insufficient and undefined are all no. */
export function refuseFailed(verdicts: readonly GateFacts[]): Refused | undefined {
  const failed = verdicts.filter(({ verdict }) => verdict !== 'pass');
  if (failed.length === 0) return undefined;
  return refuse('GateFailed', {
    gates: failed.map(({ gateId, evaluationId, verdict, measurement, operator, threshold }) => ({
      gateId,
      evaluationId,
      verdict,
      definition: measurement.definition,
      value: measurement.value,
      low: measurement.interval?.low,
      high: measurement.interval?.high,
      n: measurement.n,
      operator,
      threshold,
    })),
  });
}

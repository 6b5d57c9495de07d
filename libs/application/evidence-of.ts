import type { EvidencePin, Id, RiskTier } from '#libs/lifecycle';
import { Call, Refusal } from './call.js';
import { standingOfVersion } from './evidence.js';
import type { ApplicationPorts } from './ports.js';

export interface VersionEvidence {
  readonly pins: readonly EvidencePin[];
  /** What {approval, evidence, meaning} binds as `evidence`. */
  readonly evidenceDigest: string;
  readonly tier: RiskTier | undefined;
}

/** The evidence behind a version as its streams stand now; undefined where there is no such version. */
export async function evidenceOf(
  ports: ApplicationPorts,
  workspace: string,
  modelVersionId: Id,
): Promise<VersionEvidence | undefined> {
  try {
    const { evidence, evidenceDigest, tier } = await standingOfVersion(Call.reading(ports, workspace), modelVersionId);
    return { pins: evidence.map(({ pin }) => pin), evidenceDigest, tier };
  } catch (error) {
    if (error instanceof Refusal && error.code === 'NotFound') return undefined;
    throw error;
  }
}

import type { Arm } from '../../lifecycle/deployment/events.js';
import { testStages, type HistoryWriter } from './writer.js';

export interface Version {
  readonly id: string;
  readonly modelId: string;
  readonly evaluations: string[];
  isRetired: boolean;
}
export interface Request {
  readonly id: string;
  readonly version: Version;
  signed: number;
  isOpen: boolean;
  readonly conditions: string[];
}
export interface World {
  readonly workspace: string;
  readonly people: string[];
  readonly services: string[];
  readonly keys: { identityId: string; keyId: string }[];
  readonly grants: { id: string; isDelegation: boolean }[];
  readonly policies: { id: string; version: number }[];
  readonly datasets: { id: string; versions: number }[];
  readonly datasetVersions: string[];
  readonly models: { id: string; versions: number }[];
  readonly runs: { id: string; modelId: string; isOpen: boolean; isComplete: boolean }[];
  readonly versions: Version[];
  readonly requests: Request[];
  readonly overrides: { id: string; isReviewed: boolean }[];
  readonly permits: { id: string; versionId: string; status: string }[];
  readonly deployments: { id: string; arms: Arm[]; isStopped: boolean }[];
  readonly incidents: { id: string; isOpen: boolean }[];
  readonly exports: { id: string; isOpen: boolean }[];
}

export type Step = (world: World, w: HistoryWriter) => void;

export const content = (w: HistoryWriter) => ({
  digest: w.random.hex(64),
  bytes: w.random.whole(1e9),
  mediaType: 'text/csv',
});
export const later = (w: HistoryWriter, days: number) => new Date(Date.parse(w.now) + days * 86_400_000).toISOString();
export const code = (world: World, w: HistoryWriter) => ({
  repository: 'https://git.example/models.git',
  commit: w.random.pick(['c0ffee1', 'deadbeef', w.random.hex(40)]),
  authors: w.random.some(world.people, 2),
});
export const measurement = (w: HistoryWriter) =>
  w.random.whole(6) === 0
    ? { definition: 'ratio@assay', value: null, undefined: 'no favourable decision', n: 0 }
    : {
        definition: 'ratio@assay',
        value: w.random.real(),
        n: w.random.whole(1000),
        denominator: w.random.real() * 100,
        interval: { method: 'newcombe@assay', level: 0.95, low: null, high: w.random.real() },
        group: { afam: w.random.pick(['yes', 'no', 'ünknöwn "x"\\']) },
      };
export const decision = (w: HistoryWriter, world: World) => ({
  policyId: world.policies[0]?.id ?? w.random.uuid(),
  policyVersion: 1,
  inputsDigest: w.random.hex(64),
  result: 'allow' as const,
  reasons: [],
});
export const signature = (w: HistoryWriter, stage: number, signerId: string) => ({
  signerId,
  role: testStages[stage]!.quorum[0]!.role,
  meaning: testStages[stage]!.meaning,
  ...(w.random.whole(5) === 0 && { onBehalfOf: w.random.uuid() }),
  signedAt: w.now,
  evidenceDigest: w.random.hex(64),
  authentication: { acr: 'urn:assay:fresh', authenticatedAt: w.now, nonce: w.random.hex(64), tokenId: w.random.hex(8) },
});

export function issuePermit(
  world: World,
  w: HistoryWriter,
  modelVersionId: string,
  basis: { kind: 'approval' | 'override'; id: string },
): void {
  const permitId = w.random.uuid();
  const { workspace } = world;
  w.append(workspace, 'permit', permitId, 'PermitIssued', {
    permit: {
      permitId,
      workspace,
      modelVersionId,
      artifactDigest: w.random.hex(64),
      environment: 'production',
      basis,
      issuedAt: w.now,
      validUntil: later(w, 180),
    },
    signature: w.random.hex(128),
    keyId: 'permit-1',
  });
  world.permits.push({ id: permitId, versionId: modelVersionId, status: 'valid' });
}

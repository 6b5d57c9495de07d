import type { Contribution } from '../../lifecycle/values.js';
import type { ApprovalItem, EvidenceItem } from './items.js';

/** Who asks: the identity, those linked to it, and the roles held now. */
export interface Signer {
  readonly identityIds: readonly string[];
  readonly roles: readonly string[];
}

/** Why somebody would be refused, with what shows it. The decision itself is taken on the streams, never here. */
export type Obstacle =
  | { readonly code: 'NotPending'; readonly status: string }
  | { readonly code: 'RoleNotAsked'; readonly asked: readonly string[] }
  | { readonly code: 'Requester' }
  | { readonly code: 'Contributor'; readonly path: readonly string[] }
  | { readonly code: 'SignedAlready'; readonly stage: string }
  | { readonly code: 'StageTimedOut'; readonly deadline: string }
  | { readonly code: 'EvidenceChanged'; readonly stream: string }
  | { readonly code: 'EvidenceWithdrawn'; readonly stream: string }
  | { readonly code: 'EvidenceExpired'; readonly stream: string; readonly expiredAt: string };

/** An approver's first question: may I sign this, and if not, what stands in the way? */
export function obstaclesFor(
  approval: ApprovalItem,
  evidence: readonly EvidenceItem[],
  signer: Signer,
  /** RFC 3339 UTC with milliseconds. */
  at: string,
): readonly Obstacle[] {
  if (approval.status !== 'pending') return [{ code: 'NotPending', status: approval.status }];
  const stage = approval.stages?.find(({ id }) => id === approval.openStage);
  const asked = stage?.quorum.map(({ role }) => role as string) ?? [];
  const obstacles: Obstacle[] = [];
  const isSigner = (id: string): boolean => signer.identityIds.includes(id);
  if (!asked.some((role) => signer.roles.includes(role))) obstacles.push({ code: 'RoleNotAsked', asked });
  if (approval.requesterId !== undefined && isSigner(approval.requesterId)) obstacles.push({ code: 'Requester' });
  const contribution = approval.contributors?.find(({ identityId }: Contribution) => isSigner(identityId));
  if (contribution !== undefined) obstacles.push({ code: 'Contributor', path: contribution.path });
  const repeatable = stage?.mayRepeatSignersOf ?? [];
  const signed = approval.signatures.find(
    (signature) => isSigner(signature.signerId) && !repeatable.includes(signature.stage),
  );
  if (signed !== undefined) obstacles.push({ code: 'SignedAlready', stage: signed.stage });
  if (approval.stageDeadline !== undefined && approval.stageDeadline < at) {
    obstacles.push({ code: 'StageTimedOut', deadline: approval.stageDeadline });
  }
  return [...obstacles, ...evidence.flatMap((piece) => staleness(piece, at))];
}

function staleness(piece: EvidenceItem, at: string): Obstacle[] {
  const { stream, headRevision, pinnedRevision, status, expiresAt } = piece;
  const obstacles: Obstacle[] = [];
  if (headRevision !== undefined && BigInt(headRevision) > BigInt(pinnedRevision)) {
    obstacles.push({ code: 'EvidenceChanged', stream });
  }
  if (status === 'withdrawn') obstacles.push({ code: 'EvidenceWithdrawn', stream });
  if (expiresAt !== undefined && expiresAt < at) {
    obstacles.push({ code: 'EvidenceExpired', stream, expiredAt: expiresAt });
  }
  return obstacles;
}

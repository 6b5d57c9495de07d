import type { Id, Permit, PermitBasis, StreamName } from '#libs/lifecycle';
import { exclusionOf } from '#libs/lifecycle';
import { approval, isSuspended, override } from '#libs/lifecycle/approval';
import { permit } from '#libs/lifecycle/permit';
import { fold, perform, Refusal, type Call } from './call.js';
import { contributorsOfVersion, evidenceNow, standingOfVersion } from './evidence.js';
import type { Handlers } from './handlers.js';
import { versionStanding } from './models.js';
import { identitiesOf } from './relations.js';

export const permits: Pick<
  Handlers,
  'IssuePermit' | 'SuspendPermit' | 'ResumePermit' | 'RevokePermit' | 'ExpirePermit'
> = {
  /**
   * The one permit issuer: every pinned stream is read again and nothing of it may have moved since it was pinned,
   * nor may a signer have become a contributor. The permit never outlives what it stands on.
   */
  async IssuePermit(call, { permitId, basis: named }) {
    const basis = await basisOf(call, named);
    const modelId = call.directory.modelOf(basis.modelVersionId) ?? null;
    call.authorize('automate', 'Permit', { modelId });
    const { signPermit, isPermitIssuer } = call.ports;
    if (!signPermit) throw new Refusal('NotThePermitIssuer', { rule: 'this process holds no permit key' });
    return perform(call, permit, 'permit', permitId, 'IssuePermit', async () => {
      const { modelVersionId, environment, validUntil } = basis;
      if (modelVersionId === undefined || environment === undefined)
        throw new Refusal('NotFound', { [named.kind]: named.id });
      const version = await versionStanding(call, modelVersionId);
      const document: Permit = {
        permitId,
        workspace: call.workspace,
        modelVersionId,
        artifactDigest: version.artifactDigest ?? '',
        environment,
        basis: named,
        issuedAt: call.context.now,
        validUntil: validUntil ?? call.context.now,
      };
      // A leader that has been replaced without noticing it: the lock is asked for where it is held.
      if (isPermitIssuer && !(await isPermitIssuer()))
        throw new Refusal('NotLeading', { rule: 'another process issues the permits' });
      return {
        permit: document,
        ...pick(signPermit(document)),
        facts: {
          basis,
          modelVersion: version.status,
          ...(version.artifactDigest !== undefined && { artifactDigest: version.artifactDigest }),
        },
      };
    });
  },

  SuspendPermit: (call, input) => change(call, 'SuspendPermit', input),
  ResumePermit: (call, input) => change(call, 'ResumePermit', input),
  RevokePermit: (call, input) => change(call, 'RevokePermit', input),
  ExpirePermit: (call, input) => change(call, 'ExpirePermit', input),
};

async function change(
  call: Call,
  type: 'SuspendPermit' | 'ResumePermit' | 'RevokePermit' | 'ExpirePermit',
  input: { readonly permitId: Id; readonly cause?: string },
): ReturnType<Handlers['RevokePermit']> {
  const version = call.directory.permits.get(input.permitId)?.state.permit.modelVersionId;
  call.authorize('automate', 'Permit', { modelId: call.directory.modelOf(version) ?? null });
  return perform(call, permit, 'permit', input.permitId, type, () => input);
}

async function basisOf(
  call: Call,
  { kind, id }: { readonly kind: 'approval' | 'override'; readonly id: Id },
): Promise<PermitBasis> {
  const loaded = await call.load('approval', id);
  const isOverride = loaded.events[0]?.type === 'OverrideUsed';
  if (loaded.revision === undefined || isOverride !== (kind === 'override'))
    return kind === 'override'
      ? { kind, id, status: 'missing' }
      : { kind, id, status: 'missing', suspended: false, changed: [] };
  if (kind === 'override') {
    const state = fold(override, loaded);
    if (state.status === 'none') return { kind, id, status: 'missing' };
    const { status, modelVersionId, environment, validUntil } = state;
    const verdict = state.status === 'reviewed' && { verdict: state.verdict };
    return { kind, id, status, modelVersionId, environment, validUntil, ...verdict };
  }
  const state = fold(approval, loaded);
  if (state.status === 'none') return { kind, id, status: 'missing', suspended: false, changed: [] };
  const { modelVersionId, environment } = state.request;
  const about = { kind, id, modelVersionId, environment };
  if (state.status !== 'granted')
    return { ...about, status: state.status === 'pending' ? 'pending' : 'ended', suspended: false, changed: [] };
  const { validUntil } = state;
  return {
    ...about,
    status: 'granted',
    suspended: isSuspended(state),
    validUntil,
    changed: await changedSince(call, state),
  };
}

/** Pinned streams that have moved, and the streams of signers who turn out to have helped to make it. */
async function changedSince(
  call: Call,
  { request, stages }: Exclude<ReturnType<typeof approval.evolve>, { readonly status: 'none' }>,
): Promise<readonly StreamName[]> {
  const now = await evidenceNow(call, request.pins);
  const moved = request.pins.filter((pin) => {
    const found = now.find((candidate) => candidate.pin.stream === pin.stream);
    return found?.status !== 'current' || found.pin.revision !== pin.revision || found.pin.digest !== pin.digest;
  });
  const standing = await standingOfVersion(call, request.modelVersionId);
  const contributors = contributorsOfVersion(call, standing, request.requesterId);
  const signers = stages.flatMap(({ signatures }) =>
    signatures.flatMap((one) => [one.signerId, one.onBehalfOf ?? one.signerId]),
  );
  const compromised = [...new Set(signers)].filter((id) => exclusionOf(identitiesOf(call.directory, id), contributors));
  return [...moved.map(({ stream }) => stream), ...compromised.map((id) => call.stream('identity', id))];
}

function pick({ signature, keyId }: { readonly signature: string; readonly keyId: string }): object {
  return { signature, keyId };
}

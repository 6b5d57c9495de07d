import { later, type Step } from './world.js';

export const people: Step[] = [
  (world, w) => {
    const identityId = w.random.uuid();
    w.append(world.workspace, 'identity', identityId, 'PersonRegistered', { identityId, subject: w.random.hex(64) });
    world.people.push(identityId);
  },
  (world, w) => {
    const identityId = w.random.uuid();
    const ownerId = w.random.pick(world.people);
    w.append(world.workspace, 'identity', identityId, 'ServiceRegistered', { identityId, ownerId });
    world.services.push(identityId);
  },
  (world, w) => {
    const [identityId, linkedId] = [w.random.pick(world.people), w.random.pick(world.people)];
    w.append(world.workspace, 'identity', identityId, 'IdentityLinked', { identityId, linkedId });
  },
  (world, w) => {
    const identityId = w.random.pick(world.services);
    if (identityId === undefined) return;
    const keyId = w.random.uuid();
    const expiresAt = later(w, 30);
    w.append(world.workspace, 'identity', identityId, 'ServiceKeyIssued', {
      identityId,
      keyId,
      scopes: ['score'],
      expiresAt,
    });
    world.keys.push({ identityId, keyId });
  },
  (world, w) => {
    const key = w.random.pick(world.keys);
    if (key !== undefined) w.append(world.workspace, 'identity', key.identityId, 'ServiceKeyRevoked', key);
  },
  (world, w) => {
    if (w.random.whole(5) !== 0) return;
    const identityId = w.random.pick(world.people);
    w.append(world.workspace, 'identity', identityId, 'IdentityErased', { identityId, reason: w.random.hex(64) });
  },
  (world, w) => {
    const grantId = w.random.uuid();
    const subjectId = w.random.pick(world.people);
    const scope = w.random.pick(world.models)?.id;
    w.append(world.workspace, 'accessGrant', grantId, 'AccessGranted', {
      grantId,
      subjectId,
      role: w.random.pick(['validator', 'risk-officer', 'viewer'] as const),
      ...(scope !== undefined && w.random.whole(2) === 0 && { scope }),
      validFrom: w.now,
    });
    world.grants.push({ id: grantId, isDelegation: false });
  },
  (world, w) => {
    const grantId = w.random.uuid();
    const [delegatorId, delegateId] = [w.random.pick(world.people), w.random.pick(world.people)];
    w.append(world.workspace, 'accessGrant', grantId, 'DelegationGranted', {
      grantId,
      delegatorId,
      delegateId,
      role: 'validator',
      validFrom: w.now,
      validUntil: later(w, 7),
    });
    world.grants.push({ id: grantId, isDelegation: true });
  },
  (world, w) => {
    const grant = w.random.pick(world.grants);
    const grantId = grant.id;
    if (grant.isDelegation) w.append(world.workspace, 'accessGrant', grantId, 'DelegationEnded', { grantId });
    else
      w.append(world.workspace, 'accessGrant', grantId, w.random.pick(['AccessRevoked', 'AccessExpired']), { grantId });
  },
  (world, w) => {
    const actorId = w.random.whole(3) === 0 ? 'anonymous' : w.random.pick(world.people);
    const version = w.random.pick(world.versions);
    w.append(world.workspace, 'denial', `${actorId}.${w.now.slice(0, 10)}`, 'DenialCounted', {
      actorId,
      rule: 'Contributor',
      action: 'SignApproval',
      ...(version && { subject: `modelVersion-${world.workspace}.${version.id}` }),
      minute: w.now,
      count: 1 + w.random.whole(50),
      details: { ratio: w.random.real(), path: ['training-run:1', 'started'] },
    });
  },
];

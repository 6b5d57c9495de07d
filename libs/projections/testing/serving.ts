import type { Arm } from '../../lifecycle/deployment/events.js';
import { content, later, type Step } from './world.js';

export const serving: Step[] = [
  (world, w) => {
    const permit = w.random.pick(world.permits);
    if (permit === undefined) return;
    const permitId = permit.id;
    const cause = 'condition-lapsed';
    const type = w.random.pick(['PermitSuspended', 'PermitResumed', 'PermitRevoked', 'PermitExpired'] as const);
    if (type === 'PermitExpired') w.append(world.workspace, 'permit', permitId, type, { permitId });
    else w.append(world.workspace, 'permit', permitId, type, { permitId, cause });
  },
  (world, w) => {
    const permit = w.random.pick(world.permits);
    const version = world.versions.find(({ id }) => id === permit?.versionId);
    if (permit === undefined || version === undefined) return;
    const deploymentId = w.random.uuid();
    const arms: Arm[] = [{ modelVersionId: version.id, permitId: permit.id, slot: 'blue', weight: 10_000 }];
    w.append(world.workspace, 'deployment', deploymentId, 'DeploymentStarted', {
      deploymentId,
      endpoint: `mortgage-${w.random.whole(5)}`,
      environment: 'production',
      modelId: version.modelId,
      modelVersionId: version.id,
      strategy: 'blue-green',
      arms,
      salt: w.random.hex(16),
    });
    world.deployments.push({ id: deploymentId, arms, isStopped: false });
  },
  (world, w) => {
    const deployment = w.random.pick(world.deployments.filter(({ isStopped }) => !isStopped));
    const permit = w.random.pick(world.permits);
    if (deployment === undefined || permit === undefined) return;
    const deploymentId = deployment.id;
    const append = w.append.bind(w, world.workspace, 'deployment', deploymentId);
    const weight = w.random.whole(10_001);
    const first = deployment.arms[0]!;
    const arms: Arm[] = [
      { ...first, weight: 10_000 - weight },
      { modelVersionId: permit.versionId, permitId: permit.id, slot: 'canary', weight },
    ];
    const way = w.random.whole(6);
    if (way === 0) {
      deployment.isStopped = true;
      append('DeploymentStopped', { deploymentId, cause: 'retired' });
    } else if (way === 1)
      append('DeploymentRolledBack', {
        deploymentId,
        modelVersionId: permit.versionId,
        arms: [first],
        cause: 'review-overdue',
      });
    else if (way === 2) append('DeploymentPromoted', { deploymentId, modelVersionId: permit.versionId, arms });
    else append('TrafficShifted', { deploymentId, arms });
    deployment.arms.splice(0, 2, ...(way === 1 ? [first] : arms));
  },
  (world, w) => {
    const deployment = w.random.pick(world.deployments);
    if (deployment === undefined) return;
    const segmentId = w.random.uuid();
    w.append(world.workspace, 'predictionSegment', segmentId, 'PredictionSegmentSealed', {
      segmentId,
      deploymentId: deployment.id,
      rows: Object.fromEntries(deployment.arms.map((arm) => [arm.modelVersionId, w.random.whole(500)])),
      permits: deployment.arms.map((arm) => arm.permitId),
      content: content(w),
      digest: w.random.hex(64),
      from: w.now,
      to: later(w, 1),
    });
  },
  (world, w) => {
    const incidentId = w.random.uuid();
    const version = w.random.pick(world.versions);
    w.append(world.workspace, 'incident', incidentId, 'IncidentOpened', {
      incidentId,
      kind: 'reported',
      ...(version && { modelVersionId: version.id }),
      awareAt: w.now,
    });
    world.incidents.push({ id: incidentId, isOpen: true });
  },
  (world, w) => {
    const type = w.random.whole(2) === 0 ? 'PartitionRetried' : 'PartitionSkipped';
    w.append(world.workspace, 'partitionRelease', 'fairness', type, {
      view: 'fairness',
      partition: w.random.whole(8),
      eventId: w.random.uuid(),
      position: String(w.random.whole(1_000)),
      reason: w.random.hex(64),
    });
  },
  (world, w) => {
    const incident = w.random.pick(world.incidents.filter(({ isOpen }) => isOpen));
    if (incident === undefined) return;
    incident.isOpen = false;
    w.append(world.workspace, 'incident', incident.id, 'IncidentClosed', {
      incidentId: incident.id,
      reason: w.random.hex(64),
    });
  },
  (world, w) => {
    const version = w.random.pick(world.versions);
    if (version === undefined) return;
    const exportId = w.random.uuid();
    w.append(world.workspace, 'export', exportId, 'ExportRequested', {
      exportId,
      kind: 'dossier',
      modelVersionId: version.id,
      asOf: '12345',
      requesterId: w.random.pick(world.people),
    });
    world.exports.push({ id: exportId, isOpen: true });
  },
  (world, w) => {
    const request = w.random.pick(world.exports);
    if (request === undefined) return;
    const exportId = request.id;
    if (!request.isOpen) {
      w.append(world.workspace, 'export', exportId, 'EvidenceAccessed', {
        exportId,
        readerId: w.random.pick(world.people),
        what: 'dossier.pdf',
      });
    } else if (w.random.whole(4) === 0)
      w.append(world.workspace, 'export', exportId, 'ExportFailed', { exportId, code: 'NotYet' });
    else w.append(world.workspace, 'export', exportId, 'ExportBuilt', { exportId, files: [content(w)] });
    request.isOpen = false;
  },
];

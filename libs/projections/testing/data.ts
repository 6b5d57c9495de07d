import { content, code, type Step } from './world.js';
import { testPolicy } from './writer.js';

export const data: Step[] = [
  (world, w) => {
    const datasetId = w.random.uuid();
    w.append(world.workspace, 'name', `dataset.${w.random.hex(64)}`, 'NameReserved', {
      kind: 'dataset',
      ownerId: datasetId,
    });
    w.append(world.workspace, 'dataset', datasetId, 'DatasetRegistered', {
      datasetId,
      name: `loans-${w.random.whole(1e6)}`,
      purpose: 'credit decisions',
      legalBasis: 'contract',
    });
    world.datasets.push({ id: datasetId, versions: 0 });
  },
  (world, w) => {
    const dataset = w.random.pick(world.datasets);
    if (dataset === undefined) return;
    const datasetVersionId = w.random.uuid();
    // Some seals name themselves or unknown versions as parents: cycles that no decider would let in.
    const derivedFrom = w.random.some([...world.datasetVersions, datasetVersionId], 3);
    dataset.versions += 1;
    w.append(world.workspace, 'datasetVersion', datasetVersionId, 'DatasetVersionSealed', {
      datasetVersionId,
      datasetId: dataset.id,
      number: dataset.versions,
      content: content(w),
      rowDigest: w.random.hex(64),
      rows: w.random.whole(1e6),
      columns: [
        { name: 'deny', type: 'boolean', nulls: 0, role: 'label' },
        { name: 'dir', type: 'number', nulls: 3, from: derivedFrom.map((parent) => `${parent}#dir`) },
      ],
      derivedFrom,
      ...(w.random.whole(2) === 0 && { code: code(world, w) }),
      grade: 'imported',
    });
    world.datasetVersions.push(datasetVersionId);
  },
  (world, w) => {
    const datasetVersionId = w.random.pick(world.datasetVersions);
    if (datasetVersionId === undefined) return;
    const detail = w.random.hex(64);
    w.append(world.workspace, 'datasetVersion', datasetVersionId, 'DataQualityFound', {
      datasetVersionId,
      rule: 'nulls',
      detail,
    });
  },
  (world, w) => {
    const datasetVersionId = w.random.pick(world.datasetVersions);
    if (datasetVersionId === undefined) return;
    const reason = w.random.hex(64);
    w.append(world.workspace, 'datasetVersion', datasetVersionId, 'DatasetVersionWithdrawn', {
      datasetVersionId,
      reason,
    });
  },
  (world, w) => {
    const known = w.random.pick(world.policies);
    const policy = known !== undefined && w.random.whole(2) === 0 ? known : { id: w.random.uuid(), version: 0 };
    const version = policy.version + 1;
    const digest = w.random.hex(64);
    w.append(world.workspace, 'policy', policy.id, 'PolicyPublished', {
      policyId: policy.id,
      name: 'mortgage',
      version,
      document: testPolicy,
      digest,
    });
    if (policy.version > 0) {
      w.append(world.workspace, 'policy', policy.id, 'PolicySuperseded', {
        policyId: policy.id,
        version: policy.version,
        by: version,
      });
    } else world.policies.push(policy);
    policy.version = version;
  },
];

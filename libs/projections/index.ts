export { insert, view, type Operation, type View } from './core/view.js';
export { RowBatch } from './core/batch.js';
export { foldLog, type FoldedRow } from './core/fold.js';
export { writeBatch } from './core/writer.js';
export { partitionOf, placeOf, streamKey } from './core/partition.js';
export {
  checkRegistry,
  GenerationInUse,
  OtherBuild,
  listGenerations,
  livePositions,
  migrateRegistry,
  openGeneration,
  RegistryAhead,
  RegistryBehind,
  switchGeneration,
  type Generation,
} from './core/registry.js';
export { transaction } from './core/transaction.js';
export { ViewConsumer, type ConsumerOptions } from './core/consumer.js';
export { Stopped } from './core/delivery.js';
export type { OpenBatch } from './core/batch-fold.js';
export { Fenced } from './core/store.js';
export {
  NotPossible,
  rebuildView,
  removeGeneration,
  undoView,
  type Progress,
  type RebuildOptions,
  type Rebuilt,
} from './upkeep/rebuild.js';
export { listStops, releasePartition, stoppedAt, type ReleaseOptions } from './upkeep/release.js';
export { readSkipped, skippedEvents } from './upkeep/releases.js';
export { verifyView, type Difference, type Verified, type VerifyOptions } from './upkeep/verify.js';
export {
  headOf,
  segmentSource,
  storeSource,
  UnfitSource,
  type EventSource,
  type SourceBatch,
} from './upkeep/source.js';
export { alarmOf, type Batch, type Delivery, type Stop } from './core/delivery.js';
export { NotYet } from './core/not-yet.js';
export { allViews, clockView } from './views.js';
export { access } from './access/evolve.js';
export { approvals } from './approvals/evolve.js';
export { deployments } from './deployments/evolve.js';
export { fairness } from './fairness/evolve.js';
export { inventory } from './inventory/evolve.js';
export { lineage } from './lineage/evolve.js';
export { timeline } from './timeline/evolve.js';
export { positionAt } from './core/clock.js';
export {
  InvalidArgument,
  readerOf,
  withoutAccess,
  type AccessCondition,
  type Page,
  type PageArguments,
  type Reader,
} from './core/reader.js';
export { dictionary, facts, versions, type Table } from './core/table.js';

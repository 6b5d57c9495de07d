export { catalogue, isEventType } from './catalogue.js';
export type { CatalogueEntry, RetentionClass } from './catalogue.js';
export { createEventStore } from './client.js';
export type { ConnectedStore, EventStoreOptions } from './client.js';
export {
  decodeAgain,
  decodeEvent,
  decodeOwn,
  encodeEvent,
  eventDigest,
  eventMetadata,
  maximumEventBytes,
} from './codec.js';
export type { EventFacts } from './codec.js';
export { copyStore, CopyRefused } from './copy.js';
export type { CopyOptions, CopyResult } from './copy.js';
export { CopyMapRefused, readCopyMap, withCopyMap, type CopyMap } from './copy-map.js';
export { StoreRefused } from './errors.js';
export { createFanOut } from './fan-out.js';
export type { FanOut, FanOutOptions, FanOutState } from './fan-out.js';
export type { EventMetadata, RecordedAssayEvent, RecordedEvent } from './envelope.js';
export { InvalidEvent } from './invalid-event.js';
export type { InvalidEventCode } from './invalid-event.js';
export { storedEvent, streamOf } from './placed-event.js';
export type { PlacedEvent } from './placed-event.js';
export {
  decodeShare,
  exportSegment,
  readSegment,
  SegmentDamaged,
  segmentState,
  SegmentTruncated,
  shareSegment,
  strangeEnd,
} from './segment.js';
export type { ExportOptions, ExportResult, SegmentState, SharedPiece } from './segment.js';
export { StoreUnavailable, StreamDeleted, WrongExpectedRevision } from './port.js';
export type {
  AppendResult,
  EventStore,
  EventToAppend,
  ExpectedRevision,
  StoredEvent,
  SubscriptionItem,
} from './port.js';

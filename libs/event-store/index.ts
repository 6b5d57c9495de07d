export type { EventMetadata, RecordedEvent } from './envelope.js';
export { StoreUnavailable, StreamDeleted, WrongExpectedRevision } from './port.js';
export type {
  AppendResult,
  EventStore,
  EventToAppend,
  ExpectedRevision,
  StoredEvent,
  SubscriptionItem,
} from './port.js';

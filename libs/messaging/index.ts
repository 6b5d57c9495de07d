export { createKafka } from './kafka.js';
export type { KafkaOptions } from './kafka.js';
export { BrokerUnavailable, TopicMismatch } from './port.js';
export type {
  BatchHandler,
  IncomingRecord,
  Messaging,
  OutgoingRecord,
  Publisher,
  Subscription,
  TopicSettings,
} from './port.js';
export { eventRecord, ForeignRecord, relayedItem, watermarkRecord } from './event-record.js';
export type { RelayedEvent, RelayedItem, RelayedWatermark } from './event-record.js';

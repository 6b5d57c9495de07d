export { createKafka } from './kafka.js';
export type { KafkaOptions } from './kafka.js';
export { eventsTopic, kafkaOptions } from './configuration.js';
export { BrokerUnavailable, TopicMismatch } from './port.js';
export type {
  BatchHandler,
  IncomingRecord,
  Messaging,
  Outgoing,
  OutgoingEvents,
  OutgoingRecord,
  Publisher,
  SubscribeOptions,
  Subscription,
  TopicSettings,
} from './port.js';
export { eventRecord, ForeignRecord, mostEventsInBatch, relayedItem, watermarkRecord } from './event-record.js';
export type { RelayedEvent, RelayedItem, RelayedWatermark, RelayStamp } from './event-record.js';

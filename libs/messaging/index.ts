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

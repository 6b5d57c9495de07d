export { createProjector, type Projector, type ProjectorOptions, type ViewStatus } from './projector.js';
export { startKafkaProjector, type KafkaProjector, type KafkaProjectorOptions } from './kafka.js';
export { startLagMeter, type Lag, type LagMeter } from './lag.js';
export { observeViews, type Alarm, type Views } from './observer.js';
export { topicSource, type TopicSourceOptions } from './topic-source.js';

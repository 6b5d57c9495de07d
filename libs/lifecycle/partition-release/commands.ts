import type { Command } from '../kernel.js';
import type { PartitionRetried, PartitionSkipped } from './events.js';

export type RetryPartition = Command<'RetryPartition', PartitionRetried['data']>;
export type SkipPartition = Command<'SkipPartition', PartitionSkipped['data']>;

export type PartitionReleaseCommand = RetryPartition | SkipPartition;

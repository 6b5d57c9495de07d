import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';

const { KafkaJSError } = kafkajs;

export interface RetryLimits {
  /** Milliseconds before the first retry; doubles, with a fifth of chance. */
  readonly initialRetryTime: number;
  readonly maxRetryTime: number;
  readonly retries: number;
}

/** Whether the client takes it for something that passes: a connection that broke, a leader that moved. */
export const isRetriable = (error: unknown): boolean => error instanceof KafkaJSError && error.retriable;

/** Tries again what fails and is retriable, within the limits. */
export async function insist<Result>(
  { initialRetryTime, maxRetryTime, retries }: RetryLimits,
  work: () => Promise<Result>,
): Promise<Result> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= retries || !isRetriable(error)) throw error;
      await sleep(Math.min(initialRetryTime * 2 ** attempt, maxRetryTime) * (0.8 + 0.4 * Math.random()));
    }
  }
}

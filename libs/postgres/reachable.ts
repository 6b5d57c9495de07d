import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Nobody answers, or says that it is starting, stopping or full (PostgreSQL 18, appendix A). A wrong password, a missing
 * database or one of another build are none of these: waiting does not mend them.
 */
const away =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|57P0[123]|53300|08...)$/;
/** What `pg` says without a code. */
const silent = /^(Connection terminated|timeout exceeded|timeout expired)/;

const firstPause = 100;
const longestPause = 5_000;

/**
 * Tries until Postgres is there: whoever starts beside it need not start after it. Milliseconds between two tries: from
 * 100 doubling to 5,000, with jitter down to a half.
 * @param onWait is called before each wait
 * @throws what waiting does not mend
 */
export async function whenReachable<T>(
  work: () => Promise<T>,
  onWait: (error: Error, attempt: number) => void,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isAway(error)) throw error;
      onWait(error, attempt);
      const pause = Math.min(longestPause, firstPause * 2 ** Math.min(attempt - 1, 10));
      await sleep(pause * (0.5 + Math.random() / 2));
    }
  }
}

function isAway(error: unknown): error is Error {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return typeof code === 'string' ? away.test(code) : silent.test(String(message));
}

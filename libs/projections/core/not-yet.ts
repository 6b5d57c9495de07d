/** A read asked for a position that the views have not reached in time. */
export class NotYet extends Error {
  override readonly name = 'NotYet';
  constructor(
    readonly wanted: bigint,
    /** Where the slowest of the views that were asked for is; -1: nothing yet. */
    readonly current: bigint,
    /** Views that wait for a decision about a stopped partition. */
    readonly stopped: readonly string[],
  ) {
    super(
      `position ${wanted} is not in the views yet, they are at ${current}` +
        (stopped.length === 0 ? '' : `; stopped: ${stopped.join(', ')}`),
    );
  }
}

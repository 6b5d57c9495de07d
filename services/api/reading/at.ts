import type { ApiContext } from '../graphql/context.js';
import { apiError } from '../graphql/faults.js';
import { cursorPosition } from './page.js';
import { NotYet } from './reader.js';
import type { AsOf, Reader } from './reader.js';

/**
 * The reader of a root field: at `asOf`, else at the position that the cursor was made at, else at the operation's own.
 *
 * @throws GraphQLError NOT_YET with the position asked for and the one reached, BAD_USER_INPUT
 */
export async function readerFor({ reading }: ApiContext, asOf?: AsOf | null, after?: string | null): Promise<Reader> {
  const place = after === undefined || after === null ? undefined : cursorPosition(after);
  if (place !== undefined && asOf?.position !== undefined && asOf.position !== null && asOf.position !== place)
    throw apiError('BAD_USER_INPUT', 'asOf: the cursor was made at another position', { field: 'asOf' });
  try {
    return await reading.at(place === undefined ? asOf : { position: place });
  } catch (error) {
    if (!(error instanceof NotYet)) throw error;
    throw apiError('NOT_YET', error.message, { position: String(error.position), reached: String(error.reached) });
  }
}

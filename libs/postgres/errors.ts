/** The embedded Postgres could not be started; the message names the cause and the remedy. */
export class PostgresNotStarted extends Error {
  override readonly name = 'PostgresNotStarted';
}

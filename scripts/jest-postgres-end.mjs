// Jest's global teardown: the run's Postgres ends when its standard input does.
// oxlint-disable-next-line import/no-default-export -- Jest asks for it
export default async function teardown() {
  const child = globalThis.assayTestPostgres;
  if (!child) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.stdin.end();
  await ended;
}

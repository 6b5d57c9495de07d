// `node deploy/healthy.mjs URL`: exit code 0 when it answers 200, as a container's health check wants it.
const [url] = process.argv.slice(2);
try {
  const { status } = await fetch(url, { signal: AbortSignal.timeout(4_000) });
  process.exitCode = status === 200 ? 0 : 1;
} catch {
  process.exitCode = 1;
}

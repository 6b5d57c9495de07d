#!/usr/bin/env node
import { ensureBuilt, ensureInstalled } from '../scripts/lib.mjs';

ensureInstalled();
await ensureBuilt();
// Whoever reads only the beginning (`assay measures | head`) has not found an error: the exit code stays the command's.
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') throw error;
});
const { main } = await import('../dist/services/cli/main.js');
process.exitCode = await main(process.argv.slice(2));

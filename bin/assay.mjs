#!/usr/bin/env node
import { ensureBuilt, ensureInstalled } from '../scripts/lib.mjs';

ensureInstalled();
await ensureBuilt();
const { main } = await import('../dist/services/cli/main.js');
process.exitCode = await main(process.argv.slice(2));

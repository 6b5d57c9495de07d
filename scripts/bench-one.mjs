// Runs one bench file and prints its measures, one JSON object a line.
import { pathToFileURL } from 'node:url';

const { bench } = await import(pathToFileURL(process.argv[2]).href);
for await (const measure of bench()) process.stdout.write(`${JSON.stringify(measure)}\n`);
process.exit(0);

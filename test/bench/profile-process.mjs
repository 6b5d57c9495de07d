// One profile and seal of the file named, with its time and the most memory that the process held; from dist/, since the
// compiler that reads sources would hold a quarter of that memory, and of the time of each worker's start.
import { profileInParallel, readTable } from '#libs/statistics';

const start = performance.now();
const { table, digest } = await readTable(process.argv[2]);
const { rowDigest } = await profileInParallel(table);
const seconds = (performance.now() - start) / 1000;
const maximumResidentBytes = process.resourceUsage().maxRSS * 1024;
process.stdout.write(JSON.stringify({ seconds, maximumResidentBytes, digest, rowDigest }));

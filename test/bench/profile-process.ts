// One profile and seal of the file named, with its time and the most memory that the process held.
import { profileInParallel, readTable } from '#libs/statistics';

const start = performance.now();
const { table, digest } = await readTable(process.argv[2]!);
const { rowDigest } = await profileInParallel(table);
const seconds = (performance.now() - start) / 1000;
const maximumResidentBytes = process.resourceUsage().maxRSS * 1024;
process.stdout.write(JSON.stringify({ seconds, maximumResidentBytes, digest, rowDigest }));

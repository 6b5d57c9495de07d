// Writes schemas/cli/job.schema.json out of the registries of algorithms, steps and validation schemes.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { repositoryRoot } from '#libs/runtime';
import { jobSchema } from './schema.js';

const path = join(repositoryRoot(), 'schemas', 'cli', 'job.schema.json');
const options = await resolveConfig(path);
writeFileSync(path, await format(JSON.stringify(jobSchema()), { ...options, filepath: path }));

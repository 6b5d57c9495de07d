import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { ValidateFunction } from 'ajv';
import type { Gate } from '#libs/lifecycle';
import { repositoryRoot } from '#libs/runtime';
import { InputError } from '../errors.js';

/** The part of a policy that numbers are judged by (`schemas/cli/policy.schema.json`). */
export interface FairnessPolicy {
  readonly gates: readonly Gate[];
  /** Rows that every group must have, or the verdict is insufficient. */
  readonly minimumGroupSize: number;
}

let validate: ValidateFunction | undefined;

/** @throws InputError `InvalidPolicy` naming field and rule */
export function parsePolicy(document: unknown): FairnessPolicy {
  if (!validate) {
    const { Ajv2020 } = createRequire(import.meta.url)('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
    validate = new Ajv2020({ strict: true }).compile(
      JSON.parse(readFileSync(join(repositoryRoot(), 'schemas', 'cli', 'policy.schema.json'), 'utf8')),
    );
  }
  if (!validate(document)) {
    const first = validate.errors![0]!;
    const field = first.instancePath.slice(1).replaceAll('/', '.');
    throw new InputError('InvalidPolicy', `the policy's ${field || 'document'} ${first.message}`, {
      field,
      rule: `${first.keyword}: ${JSON.stringify(first.params)}`,
    });
  }
  return document as FairnessPolicy;
}

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { repositoryRoot } from '../runtime/root.js';

/**
 * One compiler for all schemas, lazily: a process pays only for the event types that it meets.
 * `nfc` is our own format: the string is in Unicode normalisation form C.
 */
let compiler: Ajv2020 | undefined;
const validators = new Map<string, ValidateFunction | undefined>();

function ajv(): Ajv2020 {
  if (!compiler) {
    // The files are published and hashed; that they are valid schemas is a test's business, not each process's.
    compiler = new Ajv2020({ strict: true, strictTypes: false, validateSchema: false, code: { optimize: false } });
    addFormats.default(compiler, { mode: 'full', formats: ['date-time'] });
    compiler.addFormat('nfc', { type: 'string', validate: (text: string) => text.normalize('NFC') === text });
  }
  return compiler;
}

/** The validator of a file under schemas/events, e.g. `ModelRegistered.v2`; undefined where there is no such file. */
export function validator(name: string): ValidateFunction | undefined {
  if (!validators.has(name)) {
    const path = join(repositoryRoot(), 'schemas', 'events', `${name}.json`);
    validators.set(name, existsSync(path) ? ajv().compile(JSON.parse(readFileSync(path, 'utf8'))) : undefined);
  }
  return validators.get(name);
}

/** The field and the rule of a schema error, without the value. */
export function explain(error: ErrorObject | undefined): { field: string; rule: string; unknown: boolean } {
  if (!error) return { field: '', rule: 'does not match its schema', unknown: false };
  const { keyword, params, instancePath } = error;
  const unknown = keyword === 'additionalProperties';
  const member = unknown
    ? params['additionalProperty']
    : keyword === 'required'
      ? params['missingProperty']
      : undefined;
  const field = member === undefined ? instancePath : `${instancePath}/${String(member)}`;
  if (unknown) return { field, rule: 'is not a field of this event', unknown };
  if (keyword === 'required') return { field, rule: 'is required', unknown };
  if (keyword === 'enum') return { field, rule: `must be one of ${params['allowedValues'].join(', ')}`, unknown };
  return { field, rule: error.message ?? keyword, unknown };
}

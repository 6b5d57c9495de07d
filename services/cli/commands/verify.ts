import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { repositoryRoot } from '../../../libs/runtime/root.js';
import { verifyingKey } from '../../../libs/signing/keys.js';
import type { VerifyingKey } from '../../../libs/signing/keys.js';
import { verifyDossier } from '../../../libs/dossier/verify.js';
import type { Verification } from '../../../libs/dossier/verify.js';
import { BadInput, readOptions } from '../options.js';
import type { CommandContext } from '../registry.js';

const usage = `assay verify TWIN.json --key KEY [--pdf FILE] [--json]

Checks the JSON twin of a dossier, offline.

  --key KEY    public key: a PEM file, or 32 raw bytes in base64
  --pdf FILE   the PDF of the dossier; without it a file of the same name ending in .pdf beside the twin is taken
  --json       the result as JSON

Exit code 0: everything that was checked holds. 1: something does not, named first. 2: the input cannot be read.
`;

/** `assay verify`: see the usage text. */
export async function verify(args: readonly string[], { stdout, stderr }: CommandContext): Promise<number> {
  const { values, positionals } = parse(args);
  if (values.help) {
    stdout.write(usage);
    return 0;
  }
  const [file, ...rest] = positionals;
  if (file === undefined || rest.length > 0) throw new BadInput(`one file is wanted; see assay verify --help`);
  if (values.key === undefined) throw new BadInput(`--key is wanted; see assay verify --help`);
  const key = await readKey(values.key);
  const twin = await read(file, 'twin');
  const pdfFile = values.pdf ?? neighbour(file);
  const pdf = pdfFile === undefined ? undefined : await read(pdfFile, 'PDF');
  const schema = JSON.parse(await readFile(join(repositoryRoot(), 'schemas', 'dossier.schema.json'), 'utf8')) as object;
  const verification = verifyDossier({ twin, key, schema, ...(pdf ? { pdf } : {}) });
  stdout.write(values.json ? `${JSON.stringify({ file, ...verification })}\n` : present(file, pdfFile, verification));
  const failure = verification.checks.find(({ outcome }) => outcome === 'failed');
  if (failure && !values.json) stderr.write(`assay verify: ${failure.name}: ${failure.failure}\n`);
  return verification.verified ? 0 : 1;
}

function parse(args: readonly string[]) {
  return readOptions('verify', {
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      json: { type: 'boolean' },
      key: { type: 'string' },
      pdf: { type: 'string' },
    },
  });
}

async function read(file: string, what: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new BadInput(`${what} ${file}: ${(error as NodeJS.ErrnoException).code ?? 'cannot be read'}`);
  }
}

async function readKey(text: string): Promise<VerifyingKey> {
  const content = existsSync(text)
    ? Buffer.from(await read(text, 'key'))
        .toString('utf8')
        .trim()
    : text;
  try {
    return verifyingKey(content);
  } catch (error) {
    throw new BadInput(`--key: ${(error as Error).message}`);
  }
}

/** `x.json` → `x.pdf` in the same folder, where it is. */
function neighbour(file: string): string | undefined {
  const candidate = join(dirname(file), `${basename(file).replace(/\.json$/, '')}.pdf`);
  return candidate !== file && existsSync(candidate) ? candidate : undefined;
}

const marks = { passed: 'ok     ', failed: 'FAILED ', 'not-checked': 'not checked' } as const;

function present(file: string, pdfFile: string | undefined, verification: Verification): string {
  const { title, dossierId, asOf, contentDigest, keyId, checks, verified } = verification;
  const width = Math.max(...checks.map(({ name }) => name.length));
  return [
    `dossier   ${printable(title)}`,
    `id        ${printable(dossierId)}`,
    `as of     position ${printable(asOf.position)}, ${printable(asOf.time)}`,
    `content   SHA-256 ${printable(contentDigest)}`,
    `key       ${printable(keyId)}`,
    `files     ${[file, pdfFile].filter(Boolean).join(', ')}`,
    '',
    ...checks.map(({ name, outcome, detail, failure }) =>
      `${marks[outcome].padEnd(12)} ${name.padEnd(width)}  ${printable(failure ?? detail)}`.trimEnd(),
    ),
    '',
    verified
      ? 'What was checked holds. That nothing is missing from the record itself is not shown by a dossier.'
      : 'NOT VERIFIED.',
    '',
  ].join('\n');
}

/** A file may hold anything; a terminal obeys control characters. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '\uFFFD');
}

import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildDossier } from '#libs/dossier';
import { generateSigningKey } from '#libs/signing';
import { play } from '../../../libs/dossier/mortgage-play.test.js';
import { dossierEvents, inputOf, key, signer } from '../../../libs/dossier/testing.test.js';
import { main } from '../main.js';

let folder: string;
let twin: string;
let keyFile: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-verify-'));
  const { recorder, version1 } = play({ segments: 0 });
  const built = await buildDossier(inputOf(recorder, version1, dossierEvents(recorder.stored).slice(0, 26)), signer);
  twin = join(folder, 'dossier.json');
  keyFile = join(folder, 'key.pem');
  await writeFile(twin, built.twin);
  await writeFile(join(folder, 'dossier.pdf'), built.pdf);
  await writeFile(keyFile, key.publicKeyPem);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const code = await main(['verify', ...args], { stdout, stderr });
  const text = (stream: PassThrough) => ((stream.read() as Buffer | null) ?? '').toString();
  return { code, out: text(stdout), err: text(stderr) };
}

describe('assay verify', () => {
  test('0 and a table when everything holds; the PDF of the same name is taken along', async () => {
    const { code, out, err } = await run(twin, '--key', keyFile);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/ok +signature +Ed25519/);
    expect(out).toMatch(/ok +PDF +\d+ bytes/);
    expect(out).toContain('What was checked holds.');
  });

  test('the key may be given as 32 bytes in base64, the result as JSON', async () => {
    const { code, out } = await run(twin, '--key', key.publicKeyBase64, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ verified: true, keyId: key.keyId });
  });

  test('1 and the first thing that does not hold', async () => {
    const changed = join(folder, 'changed.json');
    await writeFile(changed, (await readFile(twin, 'utf8')).replace('0.6943', '0.8943'));
    const { code, out, err } = await run(changed, '--key', keyFile);
    expect(code).toBe(1);
    expect(out).toContain('NOT VERIFIED.');
    expect(err).toMatch(/^assay verify: content digest: content has /);
  });

  test('1 under another key, and for a PDF that is not the one', async () => {
    expect((await run(twin, '--key', generateSigningKey().publicKeyBase64)).err).toContain(
      'signature: statement.keyId',
    );
    const other = join(folder, 'other.pdf');
    await copyFile(keyFile, other);
    const { code, err } = await run(twin, '--key', keyFile, '--pdf', other);
    expect(code).toBe(1);
    expect(err).toContain('PDF: the PDF has SHA-256');
  });

  test.each([
    ['no file', ['--key', 'x']],
    ['a file that is not there', ['/no/such/file.json', '--key', key.publicKeyBase64]],
    ['no key', ['x.json']],
    ['a key that is none', ['x.json', '--key', 'abc']],
    ['an option that is none', ['x.json', '--key', 'x', '--force']],
    ['a PDF that is not there', ['--pdf', '/no/such.pdf', '--key', key.publicKeyBase64, 'x.json']],
  ])('2 for %s', async (_, args) => {
    expect((await run(...args)).code).toBe(2);
  });

  test('2 for a file that is no dossier', async () => {
    const { code, err } = await run(keyFile, '--key', keyFile);
    expect(code).toBe(2);
    expect(err).toContain('not JSON');
  });

  test('--help', async () => {
    expect(await run('--help')).toMatchObject({ code: 0, out: expect.stringContaining('--key KEY') });
  });
});

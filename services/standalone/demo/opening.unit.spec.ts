import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { commitOfClone } from './opening.js';

test('an unpacked release without git names its code too, in the form that a training run wants', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-release-'));
  try {
    writeFileSync(join(folder, 'package.json'), '{"version":"0.1.0"}');
    const commit = commitOfClone(folder);
    expect(commit).toMatch(/^[0-9a-f]{64}$/);
    writeFileSync(join(folder, 'package.json'), '{"version":"0.2.0"}');
    expect(commitOfClone(folder)).not.toBe(commit);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { MalformedKey, type SigningKey, generateSigningKey, privateKeyPem, signingKeyFromPem } from './keys.js';

/**
 * The installation's signing key: read when the file exists, made when it does not (mode 0600, durable before it is
 * used, so that nothing is ever signed with a key that a power cut takes away). Of several processes that start at
 * once one makes the file and all read the same key. Throws {@link MalformedKey} when the file is damaged or, on
 * POSIX, readable by others: a key that leaked must be replaced by a person, not used.
 */
export function loadOrCreateSigningKey(path: string): SigningKey {
  return read(path) ?? create(path);
}

function read(path: string): SigningKey | undefined {
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0)
    throw new MalformedKey(`${path}: readable by others than its owner; replace the key, or chmod 600 it`);
  try {
    return signingKeyFromPem(pem);
  } catch (error) {
    throw new MalformedKey(`${path}: ${(error as Error).message}`);
  }
}

function create(path: string): SigningKey {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const temporary = join(folder, `.${randomBytes(8).toString('hex')}.tmp`);
  const file = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(file, privateKeyPem(generateSigningKey()));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(temporary, path); // Fails where another process was first; rename would replace its key.
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  syncFolder(folder);
  return read(path)!;
}

function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Directory } from '#libs/application';
import { freePort } from '#libs/runtime';

/**
 * The port of the demonstration's issuer. A workspace trusts one issuer, and the issuer's name holds its port: the
 * first play chooses a free one, later plays on the same data take it again.
 */
export async function issuerPort(dataDirectory: string, directory: Directory): Promise<number> {
  const known = directory.access.workspace?.issuer;
  if (known !== undefined) return Number(new URL(known).port);
  const path = join(dataDirectory, 'issuer-port');
  if (existsSync(path)) return Number(readFileSync(path, 'utf8'));
  const port = await freePort();
  writeFileSync(path, String(port));
  return port;
}

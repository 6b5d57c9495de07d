import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const day = 86_400_000;

export interface ServerCertificate {
  readonly certificate: string;
  readonly key: string;
  /** Path of the authority's certificate, for clients. */
  readonly authority: string;
}

/**
 * The installation's own authority and a server certificate signed by it, kept in `folder` (keys 0600). The server's
 * is made anew when it ends within 30 days.
 */
export async function serverCertificate(folder: string, now = Date.now()): Promise<ServerCertificate> {
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const path = (name: string) => join(folder, name);
  if (!existsSync(path('ca.crt'))) await makeAuthority(path, now);
  const current = existsSync(path('server.crt')) ? new X509Certificate(read(path('server.crt'))) : undefined;
  if (!current || current.notAfter.getTime() < now + 30 * day) await makeServer(path, now);
  return { certificate: read(path('server.crt')), key: read(path('server.key')), authority: path('ca.crt') };
}

type Path = (name: string) => string;

const read = (path: string) => readFileSync(path, 'utf8');

/** Whole or not at all. */
function write(path: string, text: string, mode: number): void {
  writeFileSync(`${path}.new`, text, { mode });
  renameSync(`${path}.new`, path);
}

async function keys(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}

async function keyText(key: webcrypto.CryptoKey): Promise<string> {
  return PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

async function makeAuthority(path: Path, now: number): Promise<void> {
  const pair = await keys();
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: `CN=Assay ledger authority ${hostname()}`,
      notBefore: new Date(now - day),
      notAfter: new Date(now + 3650 * day),
      keys: pair,
      signingAlgorithm: algorithm,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    },
    webcrypto,
  );
  write(path('ca.key'), await keyText(pair.privateKey), 0o600);
  write(path('ca.crt'), certificate.toString('pem'), 0o644);
}

async function makeServer(path: Path, now: number): Promise<void> {
  const authority = new X509Certificate(read(path('ca.crt')));
  const [authorityKey] = PemConverter.decode(read(path('ca.key')));
  const signingKey = await webcrypto.subtle.importKey('pkcs8', authorityKey!, algorithm, false, ['sign']);
  const pair = await keys();
  const certificate = await X509CertificateGenerator.create(
    {
      subject: 'CN=Assay ledger',
      issuer: authority.subject,
      notBefore: new Date(now - day),
      notAfter: new Date(now + 397 * day),
      publicKey: pair.publicKey,
      signingKey,
      signingAlgorithm: algorithm,
      extensions: [
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension([
          { type: 'dns', value: 'localhost' },
          { type: 'dns', value: hostname() },
          { type: 'ip', value: '127.0.0.1' },
          { type: 'ip', value: '::1' },
        ]),
      ],
    },
    webcrypto,
  );
  write(path('server.key'), await keyText(pair.privateKey), 0o600);
  write(path('server.crt'), certificate.toString('pem'), 0o644);
}

import type { EventMetadata } from './envelope.js';

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const date =
  '[0-9]{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)';
const clock = '(?:[01][0-9]|2[0-3])(?::[0-5][0-9]){2}(?:[.][0-9]{1,9})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])';
const time = `${date}T${clock}`;
const sha256 = '[0-9a-f]{64}';
const code = '[A-Za-z0-9][A-Za-z0-9._:/*+-]{0,127}';
const token = '[!#-[\\]-~]{1,300}';
const label = '[ !#-[\\]-~]{0,200}';
const media = '[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}';

const list = (item: string): string => `\\[(?:${item}(?:,${item})*)?\\]`;
const text = (pattern: string): string => `"${pattern}"`;
const member = (name: string, pattern: string): string => `"${name}":${pattern}`;
const maybe = (name: string, pattern: string): string => `(?:${member(name, pattern)},)?`;

const authentication =
  `\\{${maybe('acr', text(token))}${maybe('amr', list(text(token)))}` +
  `${member('method', '"(?:oidc|service-key|internal|none)"')},${maybe('nonce', text(token))}` +
  `${member('time', text(time))}(?:,${member('tokenId', text(token))})?\\}`;
const actor =
  `\\{${member('authentication', authentication)},${member('groups', list(text(label)))},` +
  `${member('id', text(`(?:anonymous|${uuid})`))},${member('kind', '"(?:person|service|anonymous)"')},` +
  `${member('roles', list(text(code)))}\\}`;
const content =
  `\\{${member('bytes', '(?:0|[1-9][0-9]{0,14})')},${member('digest', text(sha256))},` +
  `${member('mediaType', text(media))}\\}`;

const envelope = new RegExp(
  `^\\{${member('actor', actor)},${maybe('causationId', text(uuid))}${member('commandDigest', text(sha256))},` +
    `${member('commandId', text(uuid))},${member('content', list(content))},${member('correlationId', text(uuid))},` +
    `${member('evidenceGrade', '"(?:measured|attested|imported|asserted)"')},${member('id', text(uuid))},` +
    `${member('occurredAt', text(time))},${maybe('onBehalfOf', text(uuid))}` +
    `${maybe('policy', text('[0-9a-f-]{36}@[1-9][0-9]{0,9}'))}` +
    `${member('retentionClass', '"[a-z0-9][a-z0-9_-]{0,62}"')},${member('schemaVersion', '[1-9][0-9]{0,8}')},` +
    `${member('stream', '"[A-Za-z]+-[a-z0-9][a-z0-9_]{0,62}\\.[!#-[\\]-~]{1,200}"')},${member('type', text(code))},` +
    `${member('workspace', '"[a-z0-9][a-z0-9_]{0,62}"')}\\}$`,
);

/** No envelope that is written plainly is longer. */
const longest = 8_192;

/**
 * The cheap way to say yes to an envelope: its RFC 8785 text and the rules of schemas/events/envelope.v1.json in one
 * regular expression, where every string is plain ASCII without escapes. It accepts less than the schema does, and
 * never more: undefined means that somebody has to look properly.
 */
export function plainEnvelope(bytes: Uint8Array): EventMetadata | undefined {
  if (bytes.length > longest) return undefined;
  const written = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return envelope.test(written) ? (JSON.parse(written) as EventMetadata) : undefined;
}

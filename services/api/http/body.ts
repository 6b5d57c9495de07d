import type { IncomingMessage, ServerResponse } from 'node:http';

type Next = () => void;

/** Why a body is no request. Answered as GraphQL errors are, so that a GraphQL client can read it. */
class BodyRefused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/**
 * Reads a JSON body: at most `limit` bytes, UTF-8, not nested deeper than `depth`, no member twice in one object.
 * Compressed bodies are refused: nobody sends a GraphQL document that needs it, and a bomb is small.
 */
export function strictJson(limits: { readonly bytes: number; readonly depth: number }) {
  return async (request: IncomingMessage & { body?: unknown }, response: ServerResponse, next: Next): Promise<void> => {
    if (request.method === 'POST') {
      try {
        request.body = await read(request, limits);
      } catch (error) {
        if (!(error instanceof BodyRefused)) throw error;
        return refuse(response, error);
      }
    }
    next();
  };
}

function refuse(response: ServerResponse, { status, code, message, details }: BodyRefused): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    // What is still on the way is not read: the connection cannot be used again.
    ...(status === 413 && { connection: 'close' }),
  });
  response.end(JSON.stringify({ errors: [{ message, extensions: { ...details, code } }] }));
}

async function read(
  request: IncomingMessage,
  limits: { readonly bytes: number; readonly depth: number },
): Promise<unknown> {
  const type = (request.headers['content-type'] ?? '').toLowerCase();
  // Left to Apollo: it answers a wrong or missing content type, CSRF prevention included.
  if (!/^application\/(json|graphql-response\+json)\s*(;|$)/.test(type)) return {};
  const charset = /charset\s*=\s*"?([^\s;"]+)/.exec(type)?.[1];
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8')
    throw new BodyRefused(415, 'UNSUPPORTED_MEDIA_TYPE', 'The body must be UTF-8.', { field: 'content-type' });
  if (request.headers['content-encoding'] !== undefined)
    throw new BodyRefused(415, 'UNSUPPORTED_MEDIA_TYPE', 'The body must not be compressed.', {
      field: 'content-encoding',
    });
  const tooLarge = new BodyRefused(413, 'LIMIT_EXCEEDED', `The body exceeds the limit of ${limits.bytes} bytes.`, {
    limit: 'bodyBytes',
    maximum: limits.bytes,
  });
  if (Number(request.headers['content-length'] ?? 0) > limits.bytes) throw tooLarge;
  const body = await collect(request, limits.bytes, tooLarge);
  return body.length === 0 ? {} : parseStrict(body, limits.depth);
}

/** What a request carries, by its events: an iterator over a stream costs more than all of a small request's reading. */
function collect(request: IncomingMessage, maximum: number, tooLarge: BodyRefused): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maximum) chunks.push(chunk);
      else {
        request.pause();
        reject(tooLarge);
      }
    });
    request.once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    request.once('error', reject);
    request.once('close', () => reject(new Error('the request was cut short')));
  });
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** JSON without its loopholes. @throws BodyRefused */
export function parseStrict(bytes: Uint8Array, depth: number): unknown {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    throw new BodyRefused(400, 'BAD_REQUEST', 'The body is not UTF-8.', { rule: 'utf-8' });
  }
  const fault = structureFault(text, depth);
  if (fault) throw new BodyRefused(400, 'BAD_REQUEST', fault.message, fault.details);
  try {
    return JSON.parse(text);
  } catch {
    throw new BodyRefused(400, 'BAD_REQUEST', 'The body is not JSON.', { rule: 'json' });
  }
}

/** Nesting and repeated members, found on the text before any parser builds a value. Other faults are JSON.parse's. */
function structureFault(
  text: string,
  depth: number,
): { readonly message: string; readonly details: Readonly<Record<string, unknown>> } | undefined {
  const objects: (Set<string> | undefined)[] = [];
  let key: string | undefined;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charCodeAt(index);
    if (character === 0x22) {
      const start = index;
      for (index += 1; index < text.length && text.charCodeAt(index) !== 0x22; index += 1)
        if (text.charCodeAt(index) === 0x5c) index += 1;
      key = text.slice(start, index + 1);
    } else if (character === 0x3a && key !== undefined) {
      const keys = objects.at(-1);
      const name = unquoted(key);
      if (keys?.has(name))
        return { message: `The body has the member ${key} twice.`, details: { rule: 'no member twice', field: name } };
      keys?.add(name);
      key = undefined;
    } else if (character === 0x7b || character === 0x5b) {
      objects.push(character === 0x7b ? new Set() : undefined);
      if (objects.length > depth)
        return {
          message: `The body is nested deeper than ${depth}.`,
          details: { limit: 'jsonDepth', maximum: depth },
        };
    } else if (character === 0x7d || character === 0x5d) objects.pop();
  }
  return undefined;
}

function unquoted(key: string): string {
  if (!key.includes('\\')) return key.slice(1, -1);
  try {
    return JSON.parse(key) as string;
  } catch {
    return key;
  }
}

import type { ClientReadableStream } from '@grpc/grpc-js';

/** Of grpc-js: cuts what comes into messages, with their prefixes. */
interface Decoder {
  readonly maxReadMessageLength: number;
  /** 0: between messages; 1: in the length of one, of which it wants so many bytes more; else in the message itself. */
  readonly readState: number;
  readonly readSizeRemaining: number;
  readonly readMessageRemaining: number;
  write(data: Buffer): Buffer[];
}

interface Part {
  readonly decoder?: Decoder;
  readonly call?: Part;
  readonly nextCall?: Part;
  readonly child?: Part | null;
  readonly underlyingCalls?: readonly { readonly call: Part }[];
}

const prefixBytes = 5;

/**
 * Lets a call hand over all whole messages of a piece of the connection as one, each with its prefix: in grpc-js a
 * message passes three promises and pauses its stream, which costs more than reading it. What the call is made of is not
 * declared by grpc-js; where it is of something else, messages come one by one as ever.
 */
export function wholeFrames(call: Pick<ClientReadableStream<unknown>, 'once'>): void {
  // The answer's headers come before its first byte, when all parts of the call are there.
  call.once('metadata', () => takeWholeFrames(call));
}

/** The same for a call all of whose parts are there and which has got no bytes, as a server's when it is handled. */
export function takeWholeFrames(call: unknown): void {
  const decoder = decoderOf((call as Part).call);
  if (!decoder) return;
  const usual = decoder.write.bind(decoder);
  const whole = frameDecoder(decoder.maxReadMessageLength);
  decoder.write = (data) => {
    if (decoder.readState === 0) return whole(data);
    // A piece that came before this: the message that it began is ended as it was begun.
    const messages: Buffer[] = [];
    let rest = data;
    while (rest.length > 0 && decoder.readState !== 0) {
      const wanted = decoder.readState === 1 ? decoder.readSizeRemaining : decoder.readMessageRemaining;
      messages.push(...usual(rest.subarray(0, wanted)));
      rest = rest.subarray(wanted);
    }
    return rest.length === 0 ? messages : [...messages, ...whole(rest)];
  };
}

function decoderOf(part: Part | null | undefined): Decoder | undefined {
  let at = part;
  for (let depth = 0; at && depth < 8; depth += 1) {
    if (typeof at.decoder?.write === 'function') return at.decoder;
    at = at.nextCall ?? at.child ?? at.underlyingCalls?.at(-1)?.call ?? at.call;
  }
  return undefined;
}

/** @param most bytes of a message; -1: as many as it has */
export function frameDecoder(most: number): (data: Buffer) => Buffer[] {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  /** So much is wanted before a frame can be whole. */
  let wanted = prefixBytes;
  return (data) => {
    waiting.push(data);
    waitingBytes += data.length;
    if (waitingBytes < wanted) return [];
    // grpc-js takes the first five bytes for a prefix.
    const bytes = Buffer.allocUnsafeSlow(prefixBytes + waitingBytes);
    bytes.fill(0, 0, prefixBytes);
    let end = prefixBytes;
    for (const part of waiting) end += part.copy(bytes, end);
    const messages: Buffer[] = [];
    let start = prefixBytes;
    let at = start;
    wanted = prefixBytes;
    while (at + prefixBytes <= end) {
      const length = bytes.readUInt32BE(at + 1);
      if (most !== -1 && length > most) throw new Error(`Received message larger than max (${length} vs ${most})`);
      const next = at + prefixBytes + length;
      if (next > end) {
        wanted = next - at;
        break;
      }
      // A compressed message goes its own way.
      if (bytes[at] !== 0) {
        if (at > start) messages.push(framed(bytes, start, at));
        messages.push(bytes.subarray(at, next));
        start = next;
      }
      at = next;
    }
    if (at > start) messages.push(framed(bytes, start, at));
    waiting = at < end ? [bytes.subarray(at)] : [];
    waitingBytes = end - at;
    return messages;
  };
}

function framed(bytes: Buffer, start: number, end: number): Buffer {
  if (start === prefixBytes) return bytes.subarray(0, end);
  return Buffer.concat([Buffer.alloc(prefixBytes), bytes.subarray(start, end)]);
}

/** Why an event is no event. `field` is a JSON pointer (RFC 6901) into `{data, metadata}`; `rule` names what it breaks. */
export type InvalidEventCode =
  | 'UnknownType'
  | 'UnknownVersion'
  | 'UnknownField'
  | 'InvalidField'
  | 'MetadataMismatch'
  | 'TooLarge'
  | 'TooDeep'
  | 'NotJson'
  | 'NotUtf8'
  | 'DuplicateKey'
  | 'NotCanonical';

/** Thrown by the codec in both directions. Never carries a value of the event, only its place and the rule. */
export class InvalidEvent extends Error {
  override readonly name = 'InvalidEvent';
  constructor(
    readonly code: InvalidEventCode,
    /** Event type as stated, cut to 100 characters. */
    readonly type: string,
    readonly field: string,
    readonly rule: string,
  ) {
    super(`${code}: ${type} ${field || '/'}: ${rule}`);
  }
}

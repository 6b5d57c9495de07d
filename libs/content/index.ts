export { ContentTooLarge, CorruptContent, InvalidDigest, UnknownContent, WrongDigest } from './errors.js';
export { defaultContentLimit, isSha256, openContentFolder } from './folder.js';
export type { ContentStore, StoredContent } from './port.js';

/** The digest is not 64 lower-case hex digits. */
export class InvalidDigest extends Error {
  override readonly name = 'InvalidDigest';
  constructor(readonly digest: string) {
    super(`${JSON.stringify(digest.slice(0, 80))} is not a SHA-256: 64 of 0-9 and a-f`);
  }
}

/** What arrived has another SHA-256 than was announced. Nothing was kept. */
export class WrongDigest extends Error {
  override readonly name = 'WrongDigest';
  constructor(
    readonly expected: string,
    readonly actual: string,
  ) {
    super(`content announced as ${expected} has SHA-256 ${actual}`);
  }
}

/** More bytes than the store takes in one file. Nothing was kept. */
export class ContentTooLarge extends Error {
  override readonly name = 'ContentTooLarge';
  constructor(readonly limit: number) {
    super(`content is larger than ${limit} bytes`);
  }
}

export class UnknownContent extends Error {
  override readonly name = 'UnknownContent';
  constructor(readonly digest: string) {
    super(`no content has SHA-256 ${digest}`);
  }
}

/** The stored bytes no longer have the digest that they are named by. */
export class CorruptContent extends Error {
  override readonly name = 'CorruptContent';
  constructor(
    readonly digest: string,
    readonly actual: string,
  ) {
    super(`content ${digest} reads back with SHA-256 ${actual}`);
  }
}

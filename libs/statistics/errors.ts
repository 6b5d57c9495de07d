/** Where a rule was broken. Lines count from 1 (the header is line 1), rows from 0 (the first row of data). */
export interface InputPlace {
  readonly field?: string;
  readonly line?: number;
  readonly row?: number;
  readonly file?: string;
  readonly rule?: string;
  readonly [detail: string]: unknown;
}

/**
 * Bad input: `code` is the rule that was broken, `place` names the field, the line and what was expected.
 * The message is for people, the code and the place are for machines; nothing was written when it is thrown.
 */
export class InputError extends Error {
  override readonly name = 'InputError';

  constructor(
    readonly code: string,
    message: string,
    readonly place: InputPlace = {},
  ) {
    super(message);
  }

  toJSON(): object {
    return { code: this.code, message: this.message, ...this.place };
  }
}

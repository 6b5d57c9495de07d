/** What a field of a command may be. Each check adds the issues that it finds and never throws. */
export interface Issue {
  /** Path into the input, e.g. `columns[3].name`. */
  readonly field: string;
  /** What the field must be. Never repeats the value. */
  readonly rule: string;
}

export type Check = (value: unknown, field: string, issues: Issue[]) => void;
/** A member that may be left out. */
export interface Optional {
  readonly optional: Check;
}
export type Member = Check | Optional;

export const optional = (check: Check): Optional => ({ optional: check });

function failing(rule: string, holds: (value: unknown) => boolean): Check {
  return (value, field, issues) => {
    if (!holds(value)) issues.push({ field, rule });
  };
}

function pattern(rule: string, expression: RegExp, maximum: number): Check {
  return failing(
    rule,
    (value) => typeof value === 'string' && value.length <= maximum && value.isWellFormed() && expression.test(value),
  );
}

export const id = pattern('a UUID in lower case', /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, 36);
export const digest = pattern('a SHA-256 as 64 lower-case hex digits', /^[0-9a-f]{64}$/, 64);
export const hex = pattern('lower-case hex digits, at most 8192', /^([0-9a-f]{2})+$/, 8192);
export const commit = pattern('7 to 64 lower-case hex digits', /^[0-9a-f]{7,64}$/, 64);
export const slug = pattern('1 to 63 of a-z, 0-9, hyphen, underscore', /^[a-z0-9][a-z0-9_-]{0,62}$/, 63);
export const code = pattern(
  'a code of letters, digits and ._:/*+-, at most 128',
  /^[A-Za-z0-9][A-Za-z0-9._:/*+-]*$/,
  128,
);
export const token = pattern('printable ASCII without spaces, at most 300', /^[!-~]{1,300}$/, 300);
export const definition = pattern('name@profile, at most 200', /^[!-?A-~]+@[!-?A-~]+$/, 200);
export const jurisdiction = pattern('ISO 3166-1 alpha-2, 3166-2, or EU', /^[A-Z]{2}(-[A-Z0-9]{1,3})?$/, 6);
export const label = pattern('one line of at most 200 characters', /^[^\p{C}\p{Zl}\p{Zp}]*$/u, 200);
export const term = pattern(
  'one line of at most 200 letters, digits and plain punctuation',
  /^[\p{L}\p{N}][\p{L}\p{N} .,:;()/%&+'_=<>≥≤*#-]*$/u,
  200,
);
const mediaTypePattern = /^[a-z0-9.+-]{1,60}\/[a-z0-9.+-]{1,60}(; ?[a-z0-9-]+=[!-~]+)*$/;
export const mediaType = pattern('a media type in lower case, at most 127', mediaTypePattern, 127);

/** The name of a thing: what looks alike must not be two names, so NFC and nothing invisible. */
export const name = failing(
  'a name of 1 to 200 characters in NFC, without control or format characters or spaces at its ends',
  (value) =>
    typeof value === 'string' &&
    value.length <= 200 &&
    value.isWellFormed() &&
    value.normalize('NFC') === value &&
    /^(?!\s)[^\p{C}\p{Zl}\p{Zp}]+(?<!\s)$/u.test(value),
);

/** Longest free text of a command, in characters. It goes to the vault, never into an event. */
export const maximumText = 4000;
// eslint-disable-next-line no-control-regex
const forbiddenInText = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;
export const text = failing(
  `text of 1 to ${maximumText} characters without control characters`,
  (value) =>
    typeof value === 'string' &&
    value.trim().length > 0 &&
    value.length <= maximumText &&
    value.isWellFormed() &&
    !forbiddenInText.test(value),
);

const timePattern =
  /^(\d{4}-\d{2}-\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d([.]\d{1,9})?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
/** RFC 3339 with offset. No leap seconds; 30 February is not a day. */
export const time = failing('an RFC 3339 time with offset', (value) => {
  const day = typeof value === 'string' && value.length <= 40 ? timePattern.exec(value)?.[1] : undefined;
  if (day === undefined) return false;
  const midnight = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day);
});

export function integer(minimum: number, maximum: number): Check {
  return failing(
    `a whole number from ${minimum} to ${maximum}`,
    (value) => Number.isSafeInteger(value) && (value as number) >= minimum && (value as number) <= maximum,
  );
}
export const count = integer(0, Number.MAX_SAFE_INTEGER);

export function number(minimum = -Number.MAX_VALUE, maximum = Number.MAX_VALUE): Check {
  const range = minimum === -Number.MAX_VALUE ? '' : ` from ${minimum} to ${maximum}`;
  return failing(
    `a finite number${range}`,
    (value) => typeof value === 'number' && Number.isFinite(value) && value >= minimum && value <= maximum,
  );
}

export const position = failing(
  'a position: 0 to 2^64 − 1',
  (value) => typeof value === 'bigint' && value >= 0n && value < 1n << 64n,
);

export function nullable(check: Check): Check {
  return (value, field, issues) => {
    if (value !== null) check(value, field, issues);
  };
}

export function oneOf(...values: readonly (string | number)[]): Check {
  return failing(`one of ${values.join(', ')}`, (value) => values.includes(value as string));
}

export function list(of: Check, maximum: number, minimum = 0): Check {
  return (value, field, issues) => {
    if (!Array.isArray(value) || value.length > maximum || value.length < minimum) {
      issues.push({ field, rule: `a list of ${minimum} to ${maximum}` });
      return;
    }
    value.forEach((item, index) => of(item, `${field}[${index}]`, issues));
  };
}

/** A list in which nothing stands twice. */
export function distinct(of: Check, maximum: number, minimum = 0): Check {
  const every = list(of, maximum, minimum);
  return (value, field, issues) => {
    every(value, field, issues);
    if (Array.isArray(value) && new Set(value).size !== value.length) issues.push({ field, rule: 'nothing twice' });
  };
}

export function record(key: Check, of: Check, maximum: number): Check {
  return (value, field, issues) => {
    if (!isPlain(value) || Object.keys(value).length > maximum) {
      issues.push({ field, rule: `an object of at most ${maximum} members` });
      return;
    }
    for (const [name, member] of Object.entries(value)) {
      key(name, `${field} (key)`, issues);
      of(member, `${field}.${named(name)}`, issues);
    }
  };
}

/** Exactly these members: an unknown one is refused, a missing one named. */
export function shape(members: Readonly<Record<string, Member>>): Check {
  return (value, field, issues) => {
    if (!isPlain(value)) {
      issues.push({ field, rule: 'an object' });
      return;
    }
    const at = (member: string): string => (field === '' ? member : `${field}.${member}`);
    for (const member of Object.keys(value))
      if (!Object.hasOwn(members, member)) issues.push({ field: at(named(member)), rule: 'is not a known field' });
    for (const [member, check] of Object.entries(members)) {
      const present = Object.hasOwn(value, member) && value[member] !== undefined;
      if (typeof check === 'function') {
        if (present) check(value[member], at(member), issues);
        else issues.push({ field: at(member), rule: 'is required' });
      } else if (present) check.optional(value[member], at(member), issues);
    }
  };
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A hostile key must not travel into an error or a log. */
function named(key: string): string {
  return /^[\w$-]{1,64}$/.test(key) ? key : '?';
}

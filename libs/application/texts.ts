import { canonicalJson } from '#libs/signing';
import type { CommandName } from './contract.js';

/** Members of an input that hold what people wrote, or who they are. They never reach an event or a digest of one. */
const textMembers = ['reason', 'comment', 'description', 'detail', 'displayName'] as const;

/** An input as a use case sees it: its texts are asked for by field, as digests (`Call.disclosed`). */
export type TextFree<Input> = Omit<Input, (typeof textMembers)[number]>;

export interface SplitInput {
  readonly input: Readonly<Record<string, unknown>>;
  /** What the command's digest is made over: nothing in it says who somebody is or what they wrote. */
  readonly digestible: Readonly<Record<string, unknown>>;
  /** Field → text; `condition.text` for the one that is nested, `subject` for {issuer, subject} of a person. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Takes the texts out of a checked input. */
export function splitTexts(name: CommandName, whole: object): SplitInput {
  const input: Record<string, unknown> = { ...whole };
  const texts = new Map<string, string>();
  for (const member of textMembers) {
    const text = input[member];
    if (typeof text === 'string') texts.set(member, text);
    delete input[member];
  }
  if (name === 'SignApproval' && input['condition'] !== undefined) {
    const { text, ...condition } = input['condition'] as { readonly text: string };
    texts.set('condition.text', text);
    input['condition'] = condition;
  }
  if (name !== 'RegisterPerson') return { input, digestible: input, texts };
  const { issuer, subject, ...digestible } = input;
  texts.set('subject', canonicalJson({ issuer, subject }));
  return { input, digestible, texts };
}

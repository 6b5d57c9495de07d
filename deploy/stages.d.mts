export interface Stage {
  readonly name: string;
  readonly base: string;
  readonly instructions: readonly (readonly [instruction: string, rest: string])[];
}
export function parseDockerfile(text?: string): readonly Stage[];
export function parseCopy(text: string): {
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
};

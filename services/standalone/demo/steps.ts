import type { MutationAnswer } from './graphql-client.js';

/** One line of `var/demo/summary.json`; its schema is schemas/demo/summary.schema.json. */
export interface StepRecord {
  readonly name: string;
  readonly outcome: 'accepted' | 'refused';
  /** Code of the refusal. */
  readonly reason?: string;
  /** Positions in the event store that the step wrote, decimal. */
  readonly positions: readonly string[];
  readonly numbers: Readonly<Record<string, number>>;
  /** SHA-256 of what the step made or saw. */
  readonly digests: Readonly<Record<string, string>>;
}

export interface StepResult {
  readonly answer?: MutationAnswer;
  readonly positions?: readonly string[];
  readonly numbers?: Readonly<Record<string, number>>;
  readonly digests?: Readonly<Record<string, string>>;
  /** What a person reads beside the step's name. */
  readonly line?: string;
}

/** Something ended otherwise than the script expects. */
export class PlayFailed extends Error {
  override readonly name = 'PlayFailed';
}

export class Steps {
  readonly records: StepRecord[] = [];

  constructor(private readonly say: (line: string) => void) {}

  /** Runs a step that must be accepted. */
  async accepted(name: string, act: () => Promise<StepResult>): Promise<MutationAnswer | undefined> {
    const started = performance.now();
    const result = await this.ending(name, act);
    const { answer } = result;
    if (answer && answer.positions === undefined) {
      throw new PlayFailed(`${name}: refused with ${answer.code}: ${answer.message} ${JSON.stringify(answer)}`);
    }
    this.record(name, 'accepted', result, started);
    return answer;
  }

  /** Runs a step that must be refused with one of these codes. */
  async refused(name: string, codes: readonly string[], act: () => Promise<StepResult>): Promise<void> {
    const started = performance.now();
    const result = await this.ending(name, act);
    const code = result.answer?.code;
    if (!code) throw new PlayFailed(`${name}: accepted, but the script expects a refusal`);
    if (!codes.includes(code)) {
      throw new PlayFailed(
        `${name}: refused with ${code}, but the script expects ${codes.join(' or ')}: ${JSON.stringify(result.answer)}`,
      );
    }
    this.record(name, 'refused', result, started);
  }

  private async ending(name: string, act: () => Promise<StepResult>): Promise<StepResult> {
    try {
      return await act();
    } catch (error) {
      if (error instanceof PlayFailed) throw error;
      throw new PlayFailed(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }

  private record(name: string, outcome: StepRecord['outcome'], result: StepResult, started: number): void {
    const { answer, numbers = {}, digests = {}, line = '' } = result;
    const denial = answer?.['position'];
    const positions =
      result.positions ?? answer?.positions ?? (outcome === 'refused' && typeof denial === 'string' ? [denial] : []);
    const reason = outcome === 'refused' ? answer?.code : undefined;
    this.records.push({ name, outcome, ...(reason && { reason }), positions, numbers, digests });
    const time = `${((performance.now() - started) / 1000).toFixed(2)} s`;
    const mark = outcome === 'accepted' ? '✓' : '✗';
    const said = [reason && `refused: ${reason}`, line].filter(Boolean).join(' · ');
    this.say(`  ${mark} ${name.padEnd(32)} ${time.padStart(8)}  ${said}`);
  }
}

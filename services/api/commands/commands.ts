import { Inject, Injectable } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { mayDo } from '#libs/authorization';
import { InvalidCredentials, createServiceKey } from '#libs/identity';
import type { Identified } from '#libs/identity';
import type { CommandInputs, CommandName } from '../../../libs/application/contract.js';
import type { ApiContext } from '../graphql/context.js';
import { globalId } from '../graphql/global-id.js';
import type { NodeType } from '../graphql/global-id.js';
import { API_PORTS } from '../ports.js';
import type { ApiPorts } from '../ports.js';
import { ExecuteCommand } from './command.js';
import type { CommandInput, SigningInput } from './fields.js';
import { answerOf, reauthenticationRefused, validationFailed } from './answers.js';
import type { Answer } from './answers.js';
import { readInput } from './rules.js';

/** The thing that a command makes or changes: its type and the input field that holds its id. */
type Subject = readonly [type: NodeType, field: string];
type Shape = (read: Record<string, unknown>) => Record<string, unknown> | Promise<Record<string, unknown>>;

/** Reads a mutation's input by its rules, puts the command on the bus and turns its result into the mutation's union. */
@Injectable()
export class Commands {
  constructor(
    private readonly bus: CommandBus,
    @Inject(API_PORTS) private readonly ports: ApiPorts,
  ) {}

  run<Name extends CommandName, Input extends CommandInput>(
    name: Name,
    rules: Type<CommandInput>,
    input: Input,
    context: ApiContext,
    subject: Subject,
    shape?: Shape,
  ): Promise<Answer> {
    return this.execute(name, rules, input, context, context.caller, subject, shape);
  }

  /** As {@link run}, under the re-authentication that the input carries. Without one the rule itself refuses. */
  async sign<Name extends CommandName, Input extends SigningInput>(
    name: Name,
    rules: Type<SigningInput>,
    { reauthentication, ...input }: Input,
    context: ApiContext,
    subject: Subject,
  ): Promise<Answer> {
    let caller = context.caller;
    if (reauthentication !== undefined && reauthentication !== null) {
      try {
        const { authorization } = context.req.headers;
        caller = await this.ports.identification.identify({ authorization, reauthentication });
      } catch (error) {
        if (!(error instanceof InvalidCredentials)) throw error;
        const { actor } = context.caller;
        this.ports.countDenial({
          actor,
          rule: error.rule,
          action: name,
          details: { field: error.field },
        });
        return reauthenticationRefused(error);
      }
    }
    return this.execute(name, rules, input, context, caller, subject);
  }

  /** Measures before the command is sent. Who may not record evaluations costs no computing. */
  async measure(rules: Type<CommandInput>, input: CommandInput, context: ApiContext): Promise<Answer> {
    const { ability } = context;
    const subject: Subject = ['Evaluation', 'evaluationId'];
    try {
      return await this.run('RecordEvaluation', rules, input, context, subject, async (read) => {
        const modelVersionId = read['modelVersionId'] as string;
        if (!mayDo(ability, 'evaluate', 'Evaluation')) return { ...notMeasured(modelVersionId), ...read };
        return { ...(await this.ports.measure(modelVersionId)), ...read };
      });
    } catch (error) {
      const { name, code, message } = error as { name?: string; code?: string; message: string };
      if (name !== 'JobRefused' || code === undefined) throw error;
      return { __typename: 'Refused', code, message, details: { code }, numbers: [], paths: [] };
    }
  }

  /** The secret is made here, shown in the answer, and only its hash goes further. */
  async issueServiceKey(rules: Type<CommandInput>, input: CommandInput, context: ApiContext): Promise<Answer> {
    const key = createServiceKey();
    const answer = await this.run('IssueServiceKey', rules, input, context, ['Identity', 'identityId'], (read) => ({
      ...read,
      keyId: key.keyId,
      secretHash: key.secretHash,
    }));
    return answer.__typename === 'CommandAccepted'
      ? { ...answer, __typename: 'ServiceKeyIssued', keyId: key.keyId, secret: key.secret }
      : answer;
  }

  private async execute<Name extends CommandName>(
    name: Name,
    rules: Type<CommandInput>,
    input: CommandInput,
    context: ApiContext,
    { workspace, actor }: Identified,
    [type, field]: Subject,
    shape?: Shape,
  ): Promise<Answer> {
    const started = this.ports.clock.monotonic();
    const issues: { field: string; rule: string }[] = [];
    const { commandId, onBehalfOf, ...read } = await readInput(rules, input as unknown as Record<string, unknown>, {
      commandId: input.commandId,
      content: this.ports.content,
      inspectModel: (content) => this.ports.inspectModel(content),
      issue: (field, rule) => void issues.push({ field, rule }),
    });
    if (issues.length > 0) return validationFailed(issues);
    const command = new ExecuteCommand(name, (shape ? await shape(read) : read) as unknown as CommandInputs[Name], {
      workspace,
      actor,
      ...(onBehalfOf !== undefined && { onBehalfOf: onBehalfOf as string }),
      commandId: commandId as string,
      correlationId: context.correlationId,
      now: this.ports.clock.now().toISOString(),
    });
    const result = await this.bus.execute(command);
    const seconds = (this.ports.clock.monotonic() - started) / 1000;
    this.ports.metrics.commandSeconds.observe({ command: name, outcome: result.outcome }, seconds);
    if (result.outcome === 'refused') this.ports.metrics.denials.inc({ rule: result.code });
    return answerOf(name, result, commandId as string, globalId(type, read[field] as string));
  }
}

/** What the command needs to be well formed, so that the application refuses it for the right and counts the denial. */
function notMeasured(modelVersionId: string): Omit<CommandInputs['RecordEvaluation'], 'evaluationId'> {
  return {
    modelVersionId,
    datasetVersionId: modelVersionId,
    kinds: ['performance'],
    scheme: 'none',
    measurements: [{ definition: 'none@assay', value: null, undefined: 'not permitted', n: 0 }],
    groups: [],
    collectedAt: new Date(0).toISOString(),
    grade: 'measured',
  };
}

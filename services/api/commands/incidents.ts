import { Args, Context, Field, ID, InputType, Resolver } from '@nestjs/graphql';
import type { ApiContext } from '../graphql/context.js';
import { Position } from '../graphql/scalars.js';
import { CommandMutation } from './command.js';
import { Commands } from './commands.js';
import { ExportKindEnum, IncidentKindEnum } from './enums.js';
import { CommandInput, Key, NewKey, Text, Time } from './fields.js';

@InputType()
export class OpenIncidentInput extends CommandInput {
  @NewKey('Incident')
  incidentId?: string;
  @Field(() => IncidentKindEnum)
  kind: string;
  @Key('ModelVersion', { optional: true })
  modelVersionId?: string;
  @Field(() => ID, { nullable: true, description: 'What it follows from: an override, an approval, an alert.' })
  reference?: string;
  @Time({ description: 'When somebody became aware: clocks run from it.' })
  awareAt: string;
  @Text({ optional: true })
  description?: string;
}

@InputType()
export class CloseIncidentInput extends CommandInput {
  @Key('Incident')
  incidentId: string;
  @Text()
  reason: string;
}

@InputType()
export class RequestExportInput extends CommandInput {
  @NewKey('Export')
  exportId?: string;
  @Field(() => ExportKindEnum)
  kind: string;
  @Key('ModelVersion')
  modelVersionId: string;
  @Field(() => Position, { description: 'The position that the export is a picture of.' })
  asOf: bigint;
}

@Resolver()
export class IncidentMutations {
  constructor(private readonly commands: Commands) {}

  @CommandMutation('OpenIncident')
  openIncident(@Args('input') input: OpenIncidentInput, @Context() context: ApiContext) {
    return this.commands.run('OpenIncident', OpenIncidentInput, input, context, ['Incident', 'incidentId']);
  }

  @CommandMutation('CloseIncident')
  closeIncident(@Args('input') input: CloseIncidentInput, @Context() context: ApiContext) {
    return this.commands.run('CloseIncident', CloseIncidentInput, input, context, ['Incident', 'incidentId']);
  }

  @CommandMutation('RequestExport')
  requestExport(@Args('input') input: RequestExportInput, @Context() context: ApiContext) {
    return this.commands.run('RequestExport', RequestExportInput, input, context, ['Export', 'exportId']);
  }
}

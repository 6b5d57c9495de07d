import { Args, Context, Field, InputType, Resolver } from '@nestjs/graphql';
import type { ApiContext } from '../graphql/context.js';
import { ServiceKeyIssued } from '../graphql/result.js';
import { CommandMutation } from './command.js';
import { Commands } from './commands.js';
import { RoleEnum } from './enums.js';
import { CommandInput, Key, Line, Lines, NewKey, Text, Time } from './fields.js';

@InputType()
export class RegisterPersonInput extends CommandInput {
  @NewKey('Identity')
  identityId?: string;
  @Line({ max: 500, description: 'Issuer of the sign-in, as in the `iss` claim.' })
  issuer: string;
  @Line({ max: 500, description: 'Subject at that issuer, as in the `sub` claim.' })
  subject: string;
  @Line({ optional: true, description: 'Kept in the vault, never in an event.' })
  displayName?: string;
}

@InputType()
export class RegisterServiceInput extends CommandInput {
  @NewKey('Identity')
  identityId?: string;
  @Key('Identity', { description: 'Counts as a contributor wherever the service contributed.' })
  ownerId: string;
  @Line({ optional: true })
  displayName?: string;
}

@InputType()
export class LinkIdentitiesInput extends CommandInput {
  @Key('Identity')
  identityId: string;
  @Key('Identity')
  linkedId: string;
}

@InputType()
export class IssueServiceKeyInput extends CommandInput {
  @Key('Identity')
  identityId: string;
  @Lines({ min: 1, max: 50 })
  scopes: readonly string[];
  @Time()
  expiresAt: string;
}

@InputType()
export class RevokeServiceKeyInput extends CommandInput {
  @Key('Identity')
  identityId: string;
  @Line()
  keyId: string;
  @Text({ optional: true })
  reason?: string;
}

@InputType()
export class GrantAccessInput extends CommandInput {
  @NewKey('AccessGrant')
  grantId?: string;
  @Key('Identity')
  subjectId: string;
  @Field(() => RoleEnum)
  role: string;
  @Key('Model', { optional: true, description: 'Left out: the whole workspace.' })
  scope?: string;
  @Time({ optional: true, description: 'Obligatory for an auditor.' })
  validUntil?: string;
}

@InputType()
export class RevokeAccessInput extends CommandInput {
  @Key('AccessGrant')
  grantId: string;
  @Text({ optional: true })
  reason?: string;
}

@InputType()
export class GrantDelegationInput extends CommandInput {
  @NewKey('AccessGrant')
  grantId?: string;
  @Key('Identity')
  delegateId: string;
  @Field(() => RoleEnum)
  role: string;
  @Key('Model', { optional: true })
  scope?: string;
  @Time()
  validFrom: string;
  @Time()
  validUntil: string;
}

@InputType()
export class EndDelegationInput extends CommandInput {
  @Key('AccessGrant')
  grantId: string;
  @Text({ optional: true })
  reason?: string;
}

@InputType()
export class EraseIdentityInput extends CommandInput {
  @Key('Identity')
  identityId: string;
  @Text()
  reason: string;
}

@Resolver()
export class PeopleMutations {
  constructor(private readonly commands: Commands) {}

  @CommandMutation('RegisterPerson')
  registerPerson(@Args('input') input: RegisterPersonInput, @Context() context: ApiContext) {
    return this.commands.run('RegisterPerson', RegisterPersonInput, input, context, ['Identity', 'identityId']);
  }

  @CommandMutation('RegisterService')
  registerService(@Args('input') input: RegisterServiceInput, @Context() context: ApiContext) {
    return this.commands.run('RegisterService', RegisterServiceInput, input, context, ['Identity', 'identityId']);
  }

  @CommandMutation('LinkIdentities', {
    description: 'Two identities are one person: what one may not do, neither may.',
  })
  linkIdentities(@Args('input') input: LinkIdentitiesInput, @Context() context: ApiContext) {
    return this.commands.run('LinkIdentities', LinkIdentitiesInput, input, context, ['Identity', 'identityId']);
  }

  @CommandMutation('IssueServiceKey', { success: ServiceKeyIssued })
  issueServiceKey(@Args('input') input: IssueServiceKeyInput, @Context() context: ApiContext) {
    return this.commands.issueServiceKey(IssueServiceKeyInput, input, context);
  }

  @CommandMutation('RevokeServiceKey')
  revokeServiceKey(@Args('input') input: RevokeServiceKeyInput, @Context() context: ApiContext) {
    return this.commands.run('RevokeServiceKey', RevokeServiceKeyInput, input, context, ['Identity', 'identityId']);
  }

  @CommandMutation('GrantAccess')
  grantAccess(@Args('input') input: GrantAccessInput, @Context() context: ApiContext) {
    return this.commands.run('GrantAccess', GrantAccessInput, input, context, ['AccessGrant', 'grantId']);
  }

  @CommandMutation('RevokeAccess')
  revokeAccess(@Args('input') input: RevokeAccessInput, @Context() context: ApiContext) {
    return this.commands.run('RevokeAccess', RevokeAccessInput, input, context, ['AccessGrant', 'grantId']);
  }

  @CommandMutation('GrantDelegation')
  grantDelegation(@Args('input') input: GrantDelegationInput, @Context() context: ApiContext) {
    return this.commands.run('GrantDelegation', GrantDelegationInput, input, context, ['AccessGrant', 'grantId']);
  }

  @CommandMutation('EndDelegation')
  endDelegation(@Args('input') input: EndDelegationInput, @Context() context: ApiContext) {
    return this.commands.run('EndDelegation', EndDelegationInput, input, context, ['AccessGrant', 'grantId']);
  }

  @CommandMutation('EraseIdentity', { description: 'Destroys the names in the vault; every proof stays valid.' })
  eraseIdentity(@Args('input') input: EraseIdentityInput, @Context() context: ApiContext) {
    return this.commands.run('EraseIdentity', EraseIdentityInput, input, context, ['Identity', 'identityId']);
  }
}

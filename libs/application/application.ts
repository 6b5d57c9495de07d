import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidEvent, WrongExpectedRevision } from '#libs/event-store';
import { withinScopes, type ActiveGrant } from '#libs/identity';
import { isWorkspaceId, type Actor, type CommandContext } from '#libs/lifecycle';
import type { Timer } from '#libs/runtime';
import { canonicalDigest } from '#libs/signing';
import { access } from './access.js';
import { approvals } from './approvals.js';
import { automation } from './automation.js';
import { Call, Refusal, refuseUnreadable } from './call.js';
import { createFollower } from './catch-up.js';
import type { Issue } from './checks.js';
import * as checks from './checks.js';
import type { Application, CommandInputs, CommandName, CommandRefused, CommandResult } from './contract.js';
import { data } from './data.js';
import { createDenialLog, refusalDetails, type Denial } from './denials.js';
import { deployments } from './deployments.js';
import { evaluations } from './evaluations.js';
import { evidenceOf, type VersionEvidence } from './evidence-of.js';
import type { Handler, Handlers } from './handlers.js';
import { keepHouse, type Swept } from './housekeeping.js';
import { models } from './models.js';
import { overrides } from './overrides.js';
import { people } from './people.js';
import { permits } from './permits.js';
import { policies } from './policies.js';
import type { ApplicationPorts } from './ports.js';
import { records } from './records.js';
import { identitiesOf } from './relations.js';
import { splitTexts } from './texts.js';
import { isCommandName, issuesOf } from './validation.js';

export interface RunningApplication extends Application {
  /** Everything that was in the store when this was called is known to the directory after. */
  catchUp(): Promise<void>;
  /** Counts a refusal that was made outside of a command: a token, a query, an upload. Never throws. */
  countDenial(denial: Denial): Promise<bigint | undefined>;
  /** What an override of a version would stand on now: its digest goes into the nonce and into the command. */
  evidenceOf(workspace: string, modelVersionId: string): Promise<VersionEvidence | undefined>;
  /** Settles what a crash left in the vault; runs by itself a minute after the start and every ten minutes. */
  keepHouse(): Promise<Swept>;
  /** Writes the counts of the running minute. */
  close(): Promise<void>;
}

const handlers: Handlers = {
  ...people,
  ...access,
  ...policies,
  ...data,
  ...models,
  ...evaluations,
  ...approvals,
  ...overrides,
  ...automation,
  ...permits,
  ...deployments,
  ...records,
};

/** How often a command that met a newer revision is decided again. */
const maximumAttempts = 10;
/** How far the time of a command may be from the server's clock, seconds (rule 22). */
const maximumSkewSeconds = 60;
const firstSweepMs = 60_000;
const sweepEveryMs = 600_000;
/** Refusals that say how a request was made, not that somebody may not: they are answered and not counted. */
const notDenials: ReadonlySet<string> = new Set([
  'ValidationFailed',
  'InvalidField',
  'NotFound',
  'AlreadyExists',
  'IdempotencyConflict',
  'Contention',
  'StreamUnreadable',
  'NotLeading',
  'NameTaken',
]);

/** Load, fold, decide, append, for every command of the contract. Nothing in it keeps a truth: the store does. */
export function createApplication(ports: ApplicationPorts): RunningApplication {
  const { store, clock, directory, onFault } = ports;
  const follower = createFollower(store, directory);
  const denials = createDenialLog(store, clock, onFault);
  const catchUp = (): Promise<void> => follower.catchUp();
  let sweeping: Timer | undefined;
  const sweepAfter = (milliseconds: number): void => {
    sweeping = clock.after(milliseconds, () => {
      catchUp()
        .then(() => keepHouse(ports))
        .catch((error: unknown) => onFault?.('the vault could not be swept', error))
        .finally(() => sweeping && sweepAfter(sweepEveryMs));
    });
  };
  sweepAfter(firstSweepMs);

  const execute = async <Name extends CommandName>(
    name: Name,
    input: CommandInputs[Name],
    given: CommandContext,
  ): Promise<CommandResult> => {
    const issues = isCommandName(name) ? [...issuesOf(name, input), ...contextIssues(given)] : [unknownCommand];
    if (issues.length > 0) return refused('ValidationFailed', { issues });
    const skew = Math.abs(Date.parse(given.now) - clock.now().getTime()) / 1000;
    if (!(skew <= maximumSkewSeconds))
      return deny(
        new Refusal('ClockSkew', { field: 'now', seconds: skew, atMost: maximumSkewSeconds }),
        name,
        given,
        input,
      );
    await catchUp();
    const opened = directory.access.workspace?.workspace;
    // Grants are of the one workspace that is open: nobody carries them into another by naming it.
    if (opened !== given.workspace) return refused('NotFound', { field: 'workspace', rule: 'an open workspace' });
    let prepared: ReturnType<typeof prepare>;
    try {
      prepared = prepare(name, input, given);
    } catch (error) {
      if (error instanceof Refusal) return refused(error.code, error.details);
      throw error;
    }
    const { call, handle } = prepared;
    const known = directory.commands.get(given.commandId);
    if (known !== undefined && known !== call.facts.commandDigest)
      return refused('IdempotencyConflict', { commandId: given.commandId });
    for (let attempt = 1; ; attempt++) {
      try {
        call.begin();
        // Everything rests on the workspace, but the decision that ends this has to be possible.
        if (name !== 'ReleasePartition') refuseUnreadable(directory.unreadable.in('workspace')[0]);
        const result = await handle();
        call.applyAccess();
        return result;
      } catch (error) {
        if (error instanceof Refusal) return deny(error, name, call.context, input);
        if (error instanceof InvalidEvent)
          return refused('ValidationFailed', {
            issues: [{ field: error.field, rule: `${error.code}: ${error.rule}` }],
          });
        if (!(error instanceof WrongExpectedRevision)) throw error;
        if (attempt >= maximumAttempts) return refused('Contention', { stream: error.stream, attempts: attempt });
        // Full jitter, so that those who met do not meet again.
        await sleep(Math.random() * Math.min(200, 5 * 2 ** attempt));
        await catchUp();
      }
    }
  };

  function prepare<Name extends CommandName>(
    name: Name,
    whole: CommandInputs[Name],
    given: CommandContext,
  ): { readonly call: Call; readonly handle: () => Promise<CommandResult> } {
    const { input, digestible, texts } = splitTexts(name, whole);
    const grants = grantsOf(given.actor, given.now);
    const roles = [...new Set(grants.map(({ role }) => role))].sort();
    const actor = given.actor.id;
    // What somebody is stands in their registration, whatever a caller says: a service stays one.
    const kind = directory.access.identity(actor)?.kind ?? given.actor.kind;
    const { onBehalfOf: _, ...context } = { ...given, actor: { ...given.actor, kind, roles } };
    const facts = {
      name,
      context,
      commandDigest: canonicalDigest({ name, actor, input: plain(digestible) }),
      texts,
      grants,
      identities: identitiesOf(directory, actor),
    };
    const call = new Call(ports, facts, catchUp, (stream) => !directory.streams.mayHave(stream));
    const handler = handlers[name] as unknown as Handler<CommandName>;
    return { call, handle: () => handler(call, input as never) };
  }

  /** Never what the caller says: the grants in force now, of a service key those within its scopes. */
  function grantsOf(actor: Actor, now: string): readonly ActiveGrant[] {
    const all = directory.access.grantsOf(actor.id, now);
    if (actor.authentication.method !== 'service-key') return all;
    const key = directory.access.key(actor.authentication.tokenId ?? '');
    if (!key || key.revoked || key.identityId !== actor.id) return [];
    return all.filter((grant) => withinScopes(grant, key.scopes));
  }

  async function deny(
    refusal: Refusal,
    action: CommandName,
    context: CommandContext,
    input: object,
  ): Promise<CommandRefused> {
    const { code: rule, details, subject } = refusal;
    if (notDenials.has(rule)) return refused(rule, details);
    const { workspace, actor, commandId, correlationId } = context;
    const about = subject === undefined ? {} : { subject };
    const position = await denials.count({
      workspace,
      actor,
      rule,
      action,
      details: { ...askedAbout(input), ...details },
      commandId,
      correlationId,
      ...about,
    });
    return { ...refused(rule, details), ...(position !== undefined && { position }) };
  }

  return {
    execute,
    catchUp,
    countDenial: (denial) => denials.count(denial),
    async evidenceOf(workspace, modelVersionId) {
      await catchUp();
      return evidenceOf(ports, workspace, modelVersionId);
    },
    async keepHouse() {
      await catchUp();
      return keepHouse(ports);
    },
    close() {
      sweeping?.cancel();
      sweeping = undefined;
      return denials.close();
    },
  };
}

/** What the command named: a refused request has no stream of its own that would say which version it was about. */
function askedAbout(input: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(input).filter(
      ([field, value]) =>
        (field === 'modelVersionId' || field === 'approvalId' || field === 'overrideId' || field === 'deploymentId') &&
        typeof value === 'string',
    ),
  );
}

const unknownCommand: Issue = { field: 'name', rule: 'a known command' };

function contextIssues({ workspace, actor, commandId, correlationId, now }: CommandContext): readonly Issue[] {
  const issues: Issue[] = [];
  if (!isWorkspaceId(workspace)) issues.push({ field: 'workspace', rule: '1 to 63 of a-z, 0-9, _' });
  if (actor.kind !== 'anonymous') checks.id(actor.id, 'actor.id', issues);
  checks.id(commandId, 'commandId', issues);
  checks.id(correlationId, 'correlationId', issues);
  checks.time(now, 'now', issues);
  return issues;
}

function refused(code: string, details: Readonly<Record<string, unknown>>): CommandRefused {
  return { outcome: 'refused', code, details: refusalDetails(details) };
}

/** 64-bit numbers are strings in JSON. */
function plain(input: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(input).map(([key, value]) => [key, typeof value === 'bigint' ? String(value) : value]),
  );
}

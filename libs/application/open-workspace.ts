import { createServiceKey, isSafeIssuer } from '#libs/identity';
import { isWorkspaceId, roles, type Id, type WorkspaceOpened } from '#libs/lifecycle';
import { accessGrant } from '#libs/lifecycle/access-grant';
import { identity } from '#libs/lifecycle/identity';
import { workspace as workspaceDecider } from '#libs/lifecycle/workspace';
import { deterministicId, newId } from '#libs/runtime';
import { canonicalJson, canonicalDigest } from '#libs/signing';
import { Call, fold, perform, Refusal } from './call.js';
import { createFollower } from './catch-up.js';
import type { ApplicationPorts } from './ports.js';
import { serviceIdentity, serviceNames, serviceRoles } from './services.js';

export interface OpenWorkspace {
  /** 1 to 63 of a-z, 0-9, underscore. Default `main`. */
  readonly workspace?: string;
  /** Token issuer: https, or http on loopback. */
  readonly issuer: string;
  readonly audience: string;
  /** `sub` of the first administrator at that issuer. */
  readonly adminSubject: string;
  /** How the first administrator is called in what people read. Personal data: it goes to the vault. */
  readonly adminName?: string;
}

export interface OpenedWorkspace {
  readonly workspaceId: string;
  readonly administratorId: Id;
  /** Of the service whose key this is. */
  readonly serviceId: Id;
  readonly serviceKeyId: Id;
  /** Shown once: only its hash is stored. */
  readonly serviceKey: string;
  /** RFC 3339. */
  readonly serviceKeyExpiresAt: string;
}

/** The workspace cannot be opened; nothing was written that a further run does not complete. */
export class WorkspaceNotOpened extends Error {
  override readonly name = 'WorkspaceNotOpened';
  constructor(
    readonly code: 'AlreadyOpen' | 'InvalidField',
    message: string,
  ) {
    super(message);
  }
}

const keyDays = 365;

/**
 * Event 0 of an installation and what belongs to it: the workspace with its issuer, the first administrator with the
 * grant, a service with its key, and Assay's own services with theirs. Each step has a command id of its own, made of
 * the workspace's: a run that was cut off is completed by the next one, and only then is the workspace open.
 */
export async function openWorkspace(ports: ApplicationPorts, wanted: OpenWorkspace): Promise<OpenedWorkspace> {
  const { workspace = 'main', issuer, audience, adminSubject, adminName } = wanted;
  refuseInvalid(wanted, workspace);
  const follower = createFollower(ports.store, ports.directory);
  await follower.catchUp();
  const other = ports.directory.access.workspace;
  if (other && other.workspace !== workspace)
    throw new WorkspaceNotOpened('AlreadyOpen', `the workspace ${other.workspace} is open already`);

  const opened = await openStream(ports, follower.catchUp, { workspace, issuer, audience });
  const { administrator, grantId, serviceKeyId } = opened;
  if (opened.issuer !== issuer || opened.audience !== audience)
    throw new WorkspaceNotOpened('AlreadyOpen', `the workspace ${workspace} was opened for another issuer or audience`);
  const step = (name: string, texts: ReadonlyMap<string, string> = new Map()): Call =>
    callFor(ports, follower.catchUp, workspace, administrator, name, texts);

  const serviceId = deterministicId('init-service', workspace, administrator);
  const issued = fold(identity, await step('look').load('identity', serviceId));
  if (issued.status === 'service' && issued.keys[serviceKeyId])
    throw new WorkspaceNotOpened('AlreadyOpen', `the workspace ${workspace} is open already`);

  const texts = new Map([['subject', canonicalJson({ issuer, subject: adminSubject })]]);
  if (adminName !== undefined) texts.set('displayName', adminName);
  const person = step('person', texts);
  const { subjects, keys } = ports.identities;
  const holder = await subjects.link(workspace, issuer, adminSubject, administrator);
  if (holder !== administrator)
    throw new WorkspaceNotOpened('AlreadyOpen', 'the administrator belongs to another identity');
  await once(person, () =>
    perform(person, identity, 'identity', administrator, 'RegisterPerson', () => ({
      identityId: administrator,
      subject: person.disclosed('subject', administrator),
      ...person.text('displayName', administrator),
    })),
  );
  await grant(step('grant'), grantId, administrator, 'administrator', 'person');
  await service(step('service', named('Assay, opened by assay init')), serviceId, administrator);
  await grant(
    step('service-grant'),
    deterministicId('init-grant', workspace, administrator),
    serviceId,
    'administrator',
    'service',
  );
  for (const role of serviceRoles) {
    const id = serviceIdentity(workspace, role);
    await service(step(role, named(serviceNames[role])), id, administrator);
    await grant(step(`${role}-grant`), deterministicId('service-grant', workspace, role), id, role, 'service');
  }

  // The key is last: when its event is there, everything is.
  const { secret, secretHash } = createServiceKey(serviceKeyId);
  await keys.remove(workspace, serviceKeyId);
  await keys.put(workspace, serviceKeyId, serviceId, secretHash);
  const key = step('key');
  const expiresAt = new Date(Date.parse(key.context.now) + keyDays * 86_400_000).toISOString();
  const issue = { identityId: serviceId, keyId: serviceKeyId, scopes: [...roles], expiresAt };
  await perform(key, identity, 'identity', serviceId, 'IssueServiceKey', () => issue);
  await follower.catchUp();
  return {
    workspaceId: workspace,
    administratorId: administrator,
    serviceId,
    serviceKeyId,
    serviceKey: secret,
    serviceKeyExpiresAt: expiresAt,
  };
}

async function openStream(
  ports: ApplicationPorts,
  catchUp: () => Promise<void>,
  { workspace, issuer, audience }: { readonly workspace: string; readonly issuer: string; readonly audience: string },
): Promise<WorkspaceOpened['data']> {
  const administrator = newId();
  const data = { workspace, issuer, audience, administrator, grantId: newId(), serviceKeyId: newId() };
  const call = callFor(ports, catchUp, workspace, administrator, 'open', new Map());
  const loaded = await call.load('workspace', workspace);
  const state = fold(workspaceDecider, loaded);
  if (state.status === 'open') return state;
  await perform(call, workspaceDecider, 'workspace', workspace, 'OpenWorkspace', () => data);
  return data;
}

async function service(call: Call, identityId: Id, ownerId: Id): Promise<void> {
  const data = () => ({ identityId, ownerId, ...call.text('displayName', identityId), facts: { owner: 'person' } });
  await once(call, () => perform(call, identity, 'identity', identityId, 'RegisterService', data));
}

async function grant(
  call: Call,
  grantId: Id,
  subjectId: Id,
  role: (typeof roles)[number],
  subject: 'person' | 'service',
): Promise<void> {
  const data = { grantId, subjectId, role, facts: { subject, granterIdentities: [] } };
  await once(call, () => perform(call, accessGrant, 'accessGrant', grantId, 'GrantAccess', () => data));
}

function named(displayName: string): ReadonlyMap<string, string> {
  return new Map([['displayName', displayName]]);
}

/** A step that an earlier run has done is done. */
async function once(call: Call, run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.code === 'IdempotencyConflict')
      throw new WorkspaceNotOpened(
        'AlreadyOpen',
        `the workspace ${call.workspace} was opened for another administrator`,
      );
    throw new WorkspaceNotOpened('InvalidField', `${error.code}: ${canonicalJson(error.details)}`);
  }
}

/** The installation itself acts, on behalf of nobody: whoever can run this owns the data folder. */
function callFor(
  ports: ApplicationPorts,
  catchUp: () => Promise<void>,
  workspace: string,
  administrator: Id,
  name: string,
  texts: ReadonlyMap<string, string>,
): Call {
  const now = ports.clock.now().toISOString();
  const commandId = deterministicId('open-workspace', workspace, administrator, name);
  const authentication = { method: 'internal', time: now } as const;
  const actor = { id: administrator, kind: 'person', roles: [], groups: [], authentication } as const;
  const context = { workspace, actor, commandId, correlationId: commandId, now };
  const commandDigest = canonicalDigest({ name: 'OpenWorkspace', step: name });
  const facts = {
    name: 'RegisterPerson',
    context,
    commandDigest,
    texts,
    grants: [],
    identities: [administrator],
  } as const;
  return new Call(ports, facts, catchUp);
}

function refuseInvalid({ issuer, audience, adminSubject, adminName }: OpenWorkspace, workspace: string): void {
  const invalid = (field: string, rule: string): never => {
    throw new WorkspaceNotOpened('InvalidField', `${field}: ${rule}`);
  };
  if (!isWorkspaceId(workspace)) invalid('workspace', '1 to 63 of a-z, 0-9, underscore');
  if (!isSafeIssuer(issuer) || issuer.length > 300) invalid('issuer', 'an https URL, or http on loopback');
  if (!/^[!-~]{1,200}$/.test(audience)) invalid('audience', '1 to 200 printable ASCII characters without spaces');
  if (!/^[^\p{C}\p{Zl}\p{Zp}]{1,255}$/u.test(adminSubject))
    invalid('admin', 'the `sub` of a token, at most 255 characters');
  if (adminName !== undefined && !/^[^\p{C}\p{Zl}\p{Zp}]{1,200}$/u.test(adminName))
    invalid('admin-name', 'one line of 1 to 200 characters');
}

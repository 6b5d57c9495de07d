import type { Actor, Id, Role } from '#libs/lifecycle';
import { deterministicId } from '#libs/runtime';

/** Assay's own processes: each has an identity and one grant, given when the workspace is opened. None can sign. */
export const serviceRoles = ['trainer-service', 'serving-service', 'process-manager-service'] as const;
export type ServiceRole = (typeof serviceRoles)[number];

/** How they are called in what people read. */
export const serviceNames: Readonly<Record<ServiceRole, string>> = {
  'trainer-service': 'Assay trainer',
  'serving-service': 'Assay inference',
  'process-manager-service': 'Assay process manager',
};

/** The identity of one of Assay's own processes in a workspace: the same in every process, without asking. */
export function serviceIdentity(workspace: string, role: ServiceRole): Id {
  return deterministicId('service-identity', workspace, role);
}

/** The actor of one of Assay's own processes. Its roles are looked up again when it acts. */
export function serviceActor(workspace: string, role: ServiceRole, now: string): Actor {
  const roles: readonly Role[] = [role];
  const authentication = { method: 'internal', time: now } as const;
  return { id: serviceIdentity(workspace, role), kind: 'service', roles, groups: [], authentication };
}

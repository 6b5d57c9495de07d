import type { RecordedEvent } from '#libs/event-store';
import type { AssayEvent, Id, Role, Time, WorkspaceEvent } from '#libs/lifecycle';

/** A grant in force for an identity, its own or delegated to it. */
export interface ActiveGrant {
  readonly grantId: Id;
  readonly role: Role;
  /** A model's id; absent for the whole workspace. */
  readonly scope?: Id;
  /** Whose right it is, where it is delegated (rule 17). */
  readonly delegatorId?: Id;
  readonly validUntil?: Time;
}

export interface IndexedIdentity {
  readonly id: Id;
  readonly kind: 'person' | 'service';
  /** Of a service. */
  readonly ownerId?: Id;
  readonly linked: ReadonlySet<Id>;
  readonly erased: boolean;
}

export interface IndexedKey {
  readonly keyId: Id;
  readonly identityId: Id;
  readonly scopes: readonly string[];
  readonly expiresAt: Time;
  readonly revoked: boolean;
}

interface Grant extends ActiveGrant {
  readonly subjectId: Id;
  readonly validFrom: Time;
  ended: boolean;
}

/**
 * Who may act, folded in memory from the workspace, identity and accessGrant streams. Fed twice: by the process's
 * fan-out of $all, and by the application with what it has just written, so that a grant counts at once in the
 * process that made it. Each stream's revision guards against applying an event twice, out of order or over a gap.
 */
export class AccessIndex {
  /** Of an identity or a grant: an event of it cannot be read, so that nobody holds anything by it (fail closed). */
  readonly #isUnreadable: (aggregate: 'identity' | 'accessGrant', id: Id) => boolean;
  #workspace: WorkspaceEvent['data'] | undefined;
  #position: bigint | undefined;
  readonly #revisions = new Map<string, bigint>();
  readonly #identities = new Map<Id, IndexedIdentity>();
  readonly #keys = new Map<Id, IndexedKey>();
  readonly #grants = new Map<Id, Grant>();
  readonly #bySubject = new Map<Id, Grant[]>();

  constructor(isUnreadable: (aggregate: 'identity' | 'accessGrant', id: Id) => boolean = () => false) {
    this.#isUnreadable = isUnreadable;
  }

  /** The first workspace of the store; undefined before `assay init`. */
  get workspace(): WorkspaceEvent['data'] | undefined {
    return this.#workspace;
  }

  /** Position of the newest event that was seen. */
  get position(): bigint | undefined {
    return this.#position;
  }

  apply(event: RecordedEvent): void {
    if (this.#position === undefined || event.position > this.#position) this.#position = event.position;
    // In order and without a gap: an event that another process wrote in between comes with the fan-out.
    if (event.revision !== (this.#revisions.get(event.stream) ?? -1n) + 1n) return;
    if (this.#evolve({ type: event.type, data: event.data } as AssayEvent))
      this.#revisions.set(event.stream, event.revision);
  }

  /** An event that is none of ours, or that cannot be read: those after it in its stream still count. */
  pass(stream: string, revision: bigint): void {
    if (revision === (this.#revisions.get(stream) ?? -1n) + 1n) this.#revisions.set(stream, revision);
  }

  identity(id: Id): IndexedIdentity | undefined {
    return this.#identities.get(id);
  }

  identities(): IterableIterator<IndexedIdentity> {
    return this.#identities.values();
  }

  key(keyId: Id): IndexedKey | undefined {
    return this.#keys.get(keyId);
  }

  /**
   * The grants that count for an identity at a time. A delegated one counts only while its delegator holds the role
   * by a grant of their own with at least that scope, so that revoking the delegator ends it too.
   */
  grantsOf(identityId: Id, at: Time): readonly ActiveGrant[] {
    const identity = this.#identities.get(identityId);
    if (identity?.erased || this.#isUnreadable('identity', identityId)) return [];
    const time = Date.parse(at);
    return (this.#bySubject.get(identityId) ?? [])
      .filter(
        (grant) => this.#holds(grant, time) && (grant.delegatorId === undefined || this.#delegatorHolds(grant, time)),
      )
      .map(({ grantId, role, scope, delegatorId, validUntil }) => ({
        grantId,
        role,
        ...(scope !== undefined && { scope }),
        ...(delegatorId !== undefined && { delegatorId }),
        ...(validUntil !== undefined && { validUntil }),
      }));
  }

  /** Everybody who holds a role at a time, for inboxes and reviews. */
  holdersOf(role: Role, at: Time): readonly Id[] {
    return [...this.#bySubject.keys()].filter((id) => this.grantsOf(id, at).some((grant) => grant.role === role));
  }

  /** Grants with an end that lies at or before `at` and that no event has ended yet: the process manager expires them. */
  expiredGrants(at: Time): readonly { readonly grantId: Id; readonly validUntil: Time }[] {
    const time = Date.parse(at);
    return [...this.#grants.values()].flatMap(({ grantId, validUntil, ended }) =>
      !ended && validUntil !== undefined && Date.parse(validUntil) <= time ? [{ grantId, validUntil }] : [],
    );
  }

  #delegatorHolds(grant: Grant, time: number): boolean {
    if (this.#identities.get(grant.delegatorId!)?.erased) return false;
    if (this.#isUnreadable('identity', grant.delegatorId!)) return false;
    return (this.#bySubject.get(grant.delegatorId!) ?? []).some(
      (own) =>
        own.delegatorId === undefined &&
        own.role === grant.role &&
        (own.scope === undefined || own.scope === grant.scope) &&
        this.#holds(own, time),
    );
  }

  #holds(grant: Grant, time: number): boolean {
    return inForce(grant, time) && !this.#isUnreadable('accessGrant', grant.grantId);
  }

  /** False when the event is none of the index's: its stream needs no revision. */
  #evolve(event: AssayEvent): boolean {
    switch (event.type) {
      case 'WorkspaceOpened':
        this.#workspace ??= event.data;
        return true;
      case 'PersonRegistered':
        this.#register({ id: event.data.identityId, kind: 'person', linked: new Set(), erased: false });
        return true;
      case 'ServiceRegistered': {
        const { identityId, ownerId } = event.data;
        this.#register({ id: identityId, kind: 'service', ownerId, linked: new Set(), erased: false });
        return true;
      }
      case 'IdentityLinked':
        this.#link(event.data.identityId, event.data.linkedId);
        this.#link(event.data.linkedId, event.data.identityId);
        return true;
      case 'IdentityErased':
        this.#change(event.data.identityId, { erased: true });
        return true;
      case 'ServiceKeyIssued':
        this.#keys.set(event.data.keyId, { ...event.data, revoked: false });
        return true;
      case 'ServiceKeyRevoked': {
        const key = this.#keys.get(event.data.keyId);
        if (key) this.#keys.set(key.keyId, { ...key, revoked: true });
        return true;
      }
      case 'AccessGranted':
        this.#grant({ ...event.data, ended: false });
        return true;
      case 'DelegationGranted': {
        const { delegateId, ...delegation } = event.data;
        this.#grant({ ...delegation, subjectId: delegateId, ended: false });
        return true;
      }
      case 'AccessRevoked':
      case 'AccessExpired':
      case 'DelegationEnded': {
        const grant = this.#grants.get(event.data.grantId);
        if (grant) grant.ended = true;
        return true;
      }
      default:
        return false;
    }
  }

  #register(identity: IndexedIdentity): void {
    // A link to an identity may be read before the identity itself: keep what is known.
    const before = this.#identities.get(identity.id);
    this.#identities.set(identity.id, before ? { ...identity, linked: before.linked } : identity);
  }

  #change(id: Id, change: Partial<IndexedIdentity>): void {
    const identity = this.#identities.get(id);
    if (identity) this.#identities.set(id, { ...identity, ...change });
  }

  #link(id: Id, other: Id): void {
    const identity = this.#identities.get(id);
    this.#change(id, { linked: new Set([...(identity?.linked ?? []), other]) });
  }

  #grant(grant: Grant): void {
    if (this.#grants.has(grant.grantId)) return;
    this.#grants.set(grant.grantId, grant);
    const list = this.#bySubject.get(grant.subjectId);
    if (list) list.push(grant);
    else this.#bySubject.set(grant.subjectId, [grant]);
  }
}

function inForce(grant: Grant, time: number): boolean {
  return (
    !grant.ended &&
    Date.parse(grant.validFrom) <= time &&
    (grant.validUntil === undefined || time < Date.parse(grant.validUntil))
  );
}

import type { Vault } from '#libs/disclosure';
import type { EventStore } from '#libs/event-store';
import type { IdentityStore } from '#libs/identity';
import type { Permit } from '#libs/lifecycle';
import type { Clock } from '#libs/runtime';
import type { Directory } from './directory.js';

/** What the use cases stand on. All of it is given; nothing is read from the environment. */
export interface ApplicationPorts {
  readonly store: EventStore;
  readonly vault: Vault;
  readonly identities: IdentityStore;
  readonly clock: Clock;
  /** Shared with the process's fan-out of $all, which may feed it too. */
  readonly directory: Directory;
  /** Only the one permit issuer holds the key (`signPermit` of `libs/signing`). */
  readonly signPermit?: (permit: Permit) => { readonly signature: string; readonly keyId: string };
  /**
   * Asked just before a permit is written: whether this process is the one issuer at this moment. What a process with
   * the key, but without the leadership, would issue is refused. Default: it is.
   */
  readonly isPermitIssuer?: () => Promise<boolean>;
  /** Told what went wrong where the caller cannot be: a denial that could not be written, a row not confirmed. */
  readonly onFault?: (what: string, error: unknown) => void;
}

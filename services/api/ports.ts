import type { Application, CommandInputs } from '../../libs/application/contract.js';
import type { AssayAbility } from '#libs/authorization';
import type { ContentStore } from '#libs/content';
import type { Vault } from '#libs/disclosure';
import type { Identification, Identified } from '#libs/identity';
import type { Actor, ContentReference } from '#libs/lifecycle';
import type { Clock, HealthCheck, Log, Metrics } from '#libs/runtime';
import type { ReadModels } from './reading/reader.js';
import type { Limits } from './limits/limits.js';

/** A refusal that never reached a decider: a credential, a limit, a read. Counted in the denial stream. */
export interface CountedDenial {
  readonly actor: Actor;
  readonly rule: string;
  readonly action: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** What the API stands on. It holds no store of its own. */
export interface ApiPorts {
  readonly application: Application;
  /** What an override of a version would stand on now; undefined when there is no such version. */
  readonly evidenceOf: (
    workspace: string,
    modelVersionId: string,
  ) => Promise<{ readonly evidenceDigest: string } | undefined>;
  readonly identification: Identification;
  /** What the caller may do, with the ids linked to theirs (`abilityFor`). */
  readonly abilityOf: (caller: Identified) => AssayAbility;
  readonly content: ContentStore;
  readonly readModels: ReadModels;
  /** How far each view is behind the event store; position -1 for one that has nothing yet. */
  readonly lags?: () => readonly {
    readonly view: string;
    readonly position: bigint;
    readonly events: number;
    readonly seconds: number;
  }[];
  readonly vault: Vault;
  /**
   * The evaluation of a version from its training run's own predictions, to be recorded in a person's name; the same
   * each time. @throws an error named `JobRefused` with a `code`
   */
  readonly measure: (modelVersionId: string) => Promise<Omit<CommandInputs['RecordEvaluation'], 'evaluationId'>>;
  /** What keeps a model file from being served, as advice to its maker; undefined when nothing does. */
  readonly inspectModel: (content: ContentReference) => Promise<string | undefined>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** What must hold before the API is ready: the store, the database, the views' lag. */
  readonly health: readonly HealthCheck[];
  /** Counts a refusal at the door; must not throw and must not wait for the event. */
  readonly countDenial: (denial: CountedDenial) => void;
  readonly limits?: Partial<Limits>;
}

/** As the container holds it: every limit is there. */
export interface ApiPortsWithLimits extends ApiPorts {
  readonly limits: Limits;
}

/** Token of {@link ApiPorts} in the container. */
export const API_PORTS = Symbol('ApiPorts');

import type { Id } from '../values.js';
import type { ModelEvent, ModelRegistered, ModelVersionEvent, ModelVersionRegistered } from './events.js';

export type Model =
  | { readonly status: 'none' }
  | ({
      readonly status: 'registered';
      /** Version id → its number, from 1. */
      readonly versions: Readonly<Record<Id, number>>;
      readonly aliases: Readonly<Record<string, Id>>;
    } & ModelRegistered['data']);

export const noModel: Model = { status: 'none' };

export function evolve(state: Model, event: ModelEvent): Model {
  if (event.type === 'ModelRegistered') return { status: 'registered', versions: {}, aliases: {}, ...event.data };
  if (state.status === 'none') return state;
  switch (event.type) {
    case 'ModelVersionNumbered':
      return { ...state, versions: { ...state.versions, [event.data.modelVersionId]: event.data.number } };
    case 'ModelAliasMoved': {
      const { [event.data.alias]: _, ...others } = state.aliases;
      const { modelVersionId, alias } = event.data;
      return { ...state, aliases: modelVersionId === undefined ? others : { ...others, [alias]: modelVersionId } };
    }
    default:
      event satisfies never;
      return state;
  }
}

export type ModelVersion =
  | { readonly status: 'none' }
  | ({ readonly status: 'registered' } & ModelVersionRegistered['data'])
  | ({ readonly status: 'retired'; readonly successorId: Id | undefined } & ModelVersionRegistered['data']);

export const noModelVersion: ModelVersion = { status: 'none' };

export function evolveVersion(state: ModelVersion, event: ModelVersionEvent): ModelVersion {
  switch (event.type) {
    case 'ModelVersionRegistered':
      return { status: 'registered', ...event.data };
    case 'ModelVersionRetired':
      return state.status === 'none' ? state : { ...state, status: 'retired', successorId: event.data.successorId };
    default:
      event satisfies never;
      return state;
  }
}

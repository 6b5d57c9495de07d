import { facts } from '../core/table.js';

/** Every event, with what identifies it and its digest. `subject_stream`: the stream of what it is about. */
export const timelineEvent = facts(
  'timeline_event',
  {
    event_id: 'text',
    type: 'text',
    schema_version: 'integer',
    stream: 'text',
    subject_stream: 'text',
    revision: 'bigint',
    occurred_at: 'time',
    recorded_at: 'time',
    actor_id: 'text',
    actor_kind: 'text',
    on_behalf_of: 'text?',
    command_id: 'text',
    correlation_id: 'text',
    causation_id: 'text?',
    policy: 'text?',
    grade: 'text',
    retention: 'text',
    digest: 'text',
    /** Of a denial: how often, by which rule, at what. */
    count: 'integer?',
    rule: 'text?',
    action: 'text?',
  },
  // A stream's name and an actor's id tell the workspace: every event pays for each column of each index.
  ['(subject_stream, position)', '(actor_id, position)', '(workspace, type, position)'],
  { leading: ['workspace'] },
);

/** What a stream is about, as said by an event: of this stream or of another one. */
export const timelineSubject = facts(
  'timeline_subject',
  { stream: 'text', subject_kind: 'text', subject_id: 'text' },
  ['(stream)'],
  { leading: ['subject_id'] },
);

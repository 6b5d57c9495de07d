import type { SupportedMethods } from '#libs/event-store/protocol';

const streams = 'event_store.client.streams.streams';

/** What clients may use, in the lower case by which they compare. */
export const supportedMethods: SupportedMethods = {
  version: '24.10.0',
  methods: [
    { service: streams, method: 'read', features: ['position', 'events'] },
    { service: streams, method: 'append', features: [] },
    { service: streams, method: 'batchappend', features: ['deadline_duration'] },
    { service: streams, method: 'delete', features: [] },
    { service: streams, method: 'tombstone', features: [] },
    { service: 'event_store.client.gossip.gossip', method: 'read', features: [] },
    { service: 'event_store.client.server_features.serverfeatures', method: 'getsupportedmethods', features: [] },
  ],
};

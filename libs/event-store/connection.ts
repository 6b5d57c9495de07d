import { EventStoreDBClient } from '@eventstore/db-client';
import type { ChannelOptions } from '@grpc/grpc-js';
import type { Connection, EventStoreOptions } from './client.js';

/** The official client, whose connection makes our calls. */
export function connect({ connectionString }: Pick<EventStoreOptions, 'connectionString'>): Connection {
  const connection = EventStoreDBClient.connectionString(connectionString) as unknown as Connection;
  const { createChannel } = connection;
  connection.createChannel = async () => {
    const channel = await createChannel();
    // The official client gives its channel no window, and grpc-js has no other way to set it: HTTP/2's 64 KiB hold a
    // reader up after every hundred events. Read when the channel connects, which it has not yet.
    const { options } =
      (channel as unknown as { readonly internalChannel?: { readonly options?: ChannelOptions } }).internalChannel ??
      {};
    if (options) options['grpc-node.flow_control_window'] = readAheadBytes;
    return channel;
  };
  return connection;
}

/** What the store may send before it was taken, of all streams of a connection. */
const readAheadBytes = 2 << 20;

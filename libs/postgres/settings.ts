/**
 * Small enough for a laptop beside everything else, safe in every way: fsync, full_page_writes and
 * synchronous_commit stay on. `io_method = sync` spares three worker processes. `max_wal_size` bounds the recovery
 * after a crash to about a second, so that the product is ready five seconds after kill -9 also where it was writing
 * all it could. (With 1 GB views that catch up write less than half as much log; a recovery then took six seconds.)
 */
export const defaultSettings: Readonly<Record<string, string>> = {
  autovacuum_max_workers: '2',
  checkpoint_timeout: '5min',
  default_toast_compression: 'pglz',
  dynamic_shared_memory_type: process.platform === 'win32' ? 'windows' : 'mmap',
  fsync: 'on',
  full_page_writes: 'on',
  io_method: 'sync',
  jit: 'off',
  listen_addresses: '127.0.0.1',
  log_checkpoints: 'off',
  log_min_messages: 'warning',
  max_connections: '60',
  max_parallel_workers: '2',
  max_wal_size: '256MB',
  max_worker_processes: '4',
  password_encryption: 'scram-sha-256',
  shared_buffers: '128MB',
  synchronous_commit: 'on',
  timezone: 'UTC',
  track_io_timing: 'off',
  unix_socket_directories: '',
  wal_level: 'minimal',
  max_wal_senders: '0',
};

/** As command line arguments of `postgres`. */
export function settingArguments(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

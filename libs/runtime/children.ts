import { spawn } from 'node:child_process';

/** Asks to stop, waits, insists (one that is held by SIGSTOP hears it then): how a guarded process is ended. */
const posixGuard = `
if read -r word; then exit 0; fi
kill -s "$2" "$1" 2>/dev/null || exit 0
for step in 1 2 3 4 5 6 7 8 9 10; do
  sleep 0.3
  kill -0 "$1" 2>/dev/null || exit 0
done
kill -s "$3" "$1" 2>/dev/null
kill -s CONT "$1" 2>/dev/null
`;

/** The same for platforms without a POSIX shell; it costs a whole Node process. Untested on Windows. */
const nodeGuard = `
const pid = Number(process.argv[1]);
let released = false;
process.stdin.on('data', () => { released = true; process.exit(0); });
process.stdin.on('end', () => { if (!released) { try { process.kill(pid, process.argv[2]); } catch {} } process.exit(0); });
`;

export interface Guard {
  /** The child ended in good order: nobody needs to end it any more. */
  release(): void;
}

/**
 * Ends process `pid` when this process ends, also by `kill -9`: a small shell holds the reading end of a pipe whose
 * only writing end is ours, and the system closes that when we die. First `signal`, then `lastSignal` after 3 s.
 */
export function guardChild(
  pid: number,
  options: { readonly signal: NodeJS.Signals; readonly lastSignal: NodeJS.Signals },
): Guard {
  const signals = [options.signal, options.lastSignal].map((name) => name.replace(/^SIG/, ''));
  const [command, args] =
    process.platform === 'win32'
      ? [process.execPath, ['-e', nodeGuard, String(pid), options.signal]]
      : ['/bin/sh', ['-c', posixGuard, 'assay-guard', String(pid), ...signals]];
  const guard = spawn(command, args, { stdio: ['pipe', 'ignore', 'ignore'], detached: true, cwd: '/' });
  guard.on('error', () => undefined);
  guard.stdin?.on('error', () => undefined);
  guard.unref();
  (guard.stdin as unknown as { unref?: () => void } | null)?.unref?.();
  return {
    release: () => {
      guard.stdin?.end('done\n');
    },
  };
}

/**
 * Calls `orphaned` once when the process that started this one has died. The parent says that it wants this by
 * naming itself in ASSAY_PARENT; a process started by a shell or a service manager is left alone.
 */
export function endWithParent(orphaned: () => void, everyMilliseconds = 500): void {
  if (process.env['ASSAY_PARENT'] !== String(process.ppid)) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent && isAlive(parent)) return;
    clearInterval(timer);
    orphaned();
  }, everyMilliseconds);
  timer.unref();
}

/** Whether a process of that id exists (somebody else's counts too). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

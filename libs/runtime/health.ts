/** One thing that must hold before a service takes work. */
export interface HealthCheck {
  readonly name: string;
  /** Resolves to undefined when well, to the reason when not. A throw counts as a reason. */
  check(): Promise<string | undefined>;
  /** What a person should know also while all is well, e.g. who leads. */
  state?(): string;
  /** What waits for a person while everything else goes on: it must not keep work away from the service. */
  alarm?(): string | undefined;
}

export interface Health {
  readonly ready: boolean;
  /** Why not, by the name of the check. */
  readonly reasons: Readonly<Record<string, string>>;
  /** By the name of the check. */
  readonly states: Readonly<Record<string, string>>;
  /** What waits for a person, by the name of the check; no reason not to be ready. */
  readonly alarms: Readonly<Record<string, string>>;
}

/** Runs all checks at once, each for at most `timeoutMs`: one that hangs is one that fails. */
export async function checkHealth(checks: readonly HealthCheck[], timeoutMs = 2_000): Promise<Health> {
  const reasons: Record<string, string> = {};
  await Promise.all(
    checks.map(async ({ name, check }) => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<string>((resolve) => {
        timer = setTimeout(() => resolve(`no answer within ${timeoutMs} ms`), timeoutMs);
      });
      try {
        const reason = await Promise.race([check(), late]);
        if (reason !== undefined) reasons[name] = reason;
      } catch (error) {
        reasons[name] = error instanceof Error ? error.message : String(error);
      } finally {
        clearTimeout(timer);
      }
    }),
  );
  const states = checks.flatMap(({ name, state }) => (state ? [[name, state()] as const] : []));
  const alarms = checks.flatMap(({ name, alarm }) => {
    const text = alarm?.();
    return text === undefined ? [] : [[name, text] as const];
  });
  return {
    ready: Object.keys(reasons).length === 0,
    reasons,
    states: Object.fromEntries(states),
    alarms: Object.fromEntries(alarms),
  };
}

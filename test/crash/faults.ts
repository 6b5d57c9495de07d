import type { Seeded } from '../../libs/projections/testing/index.js';

/** What is killed with SIGKILL. `survivor`: the group and the guard, so that Postgres outlives all who could end it. */
export type Victim = 'group' | 'main' | 'ledger' | 'postgres' | 'survivor';

export type Fault =
  /** SIGKILL, after SIGSTOP for so long if told: what comes in meanwhile waits in the sockets of a dead man. */
  | { readonly kind: 'kill'; readonly victims: readonly Victim[]; readonly heldFor: number | undefined }
  /** The group, and its successor so long after its start. */
  | { readonly kind: 'kill-again'; readonly after: number }
  /** SIGSTOP for so long, then SIGCONT: a process that hangs and goes on as if nothing had been. */
  | { readonly kind: 'hold'; readonly victim: 'main' | 'ledger' | 'postgres'; readonly milliseconds: number }
  /** One of Postgres's processes, by which it throws all its clients out and recovers. */
  | { readonly kind: 'backend' }
  /** The group, and what the disk has of the last writes that nobody was told of ends in the middle of a record. */
  | { readonly kind: 'torn' };

/** Processes that it sends SIGKILL or SIGSTOP to. */
export function killsOf(fault: Fault): number {
  if (fault.kind === 'kill') return fault.victims.length;
  return fault.kind === 'kill-again' ? 2 : 1;
}

export function nameOf(fault: Fault): string {
  switch (fault.kind) {
    case 'kill':
      return `kill ${fault.victims.join('+')}${fault.heldFor === undefined ? '' : ` held for ${fault.heldFor} ms`}`;
    case 'kill-again':
      return `kill group, and again ${fault.after} ms after its start`;
    case 'hold':
      return `hold ${fault.victim} for ${fault.milliseconds} ms`;
    case 'backend':
      return 'kill one backend of Postgres';
    case 'torn':
      return 'kill group, tear the tail of the log';
  }
}

/** At least so many kills, in an order of its own: every process alone, pairs, and kills in the middle of a start. */
export function plan(random: Seeded, kills: number): readonly Fault[] {
  const faults: Fault[] = [];
  let planned = 0;
  while (planned < kills) {
    for (const fault of random.shuffle(deck(random))) {
      if (planned >= kills) break;
      faults.push(fault);
      planned += killsOf(fault);
    }
  }
  return faults;
}

/** Twenty kills. */
function deck(random: Seeded): readonly Fault[] {
  const kill = (...victims: readonly Victim[]): Fault => ({
    kind: 'kill',
    victims,
    heldFor: random.whole(3) === 0 ? random.whole(300) : undefined,
  });
  const hold = (victim: 'main' | 'ledger' | 'postgres'): Fault => ({
    kind: 'hold',
    victim,
    milliseconds: 100 + random.whole(1_400),
  });
  const pairs = random.shuffle([kill('main', 'ledger'), kill('main', 'postgres'), kill('ledger', 'postgres')]);
  return [
    ...(['group', 'main', 'ledger', 'postgres', 'survivor'] as const).map((victim) => kill(victim)),
    ...pairs.slice(0, 2),
    { kind: 'kill-again', after: random.whole(2_500) },
    { kind: 'torn' },
    hold('main'),
    hold('ledger'),
    hold('postgres'),
    hold(random.pick(['main', 'ledger', 'postgres'] as const)),
    ...Array.from({ length: 4 }, (): Fault => ({ kind: 'backend' })),
  ];
}

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** What a run used. */
export interface ResourceRecord {
  readonly wallMilliseconds: number;
  readonly cpuMilliseconds: number;
  readonly cpuUserMilliseconds: number;
  readonly cpuSystemMilliseconds: number;
  /** Of the process where it ended. */
  readonly memoryBytes: number;
  /** The most that the process has held since it began. */
  readonly memoryPeakBytes: number;
  readonly energy: Energy;
}

/** Joules of the whole machine's processor packages, not of the process alone; or why they cannot be told. */
export type Energy =
  | { readonly joules: number; readonly source: string }
  | { readonly unavailable: 'no-rapl' | 'not-readable' | 'counter-wrapped' };

const rapl = '/sys/class/powercap';

interface Reading {
  readonly microjoules: bigint;
  readonly range: bigint;
}

type Readings = ReadonlyMap<string, Reading> | 'no-rapl' | 'not-readable';

/** Package counters of Linux's powercap (Intel RAPL, AMD's too), `intel-rapl:0`, … without their parts. */
export function readEnergy(root = rapl): Readings {
  let zones: string[];
  try {
    zones = readdirSync(root).filter((name) => /^intel-rapl:\d+$/.test(name));
  } catch {
    return 'no-rapl';
  }
  if (zones.length === 0) return 'no-rapl';
  try {
    const read = (zone: string, name: string): bigint => BigInt(readFileSync(join(root, zone, name), 'utf8').trim());
    return new Map(
      zones.map((zone) => [zone, { microjoules: read(zone, 'energy_uj'), range: read(zone, 'max_energy_range_uj') }]),
    );
  } catch {
    // Since CVE-2020-8694 the counters are for the superuser only.
    return 'not-readable';
  }
}

/** Joules between two readings; a counter that began again once is mended. */
export function energyBetween(before: Readings, after: Readings): Energy {
  if (typeof before === 'string') return { unavailable: before };
  if (typeof after === 'string') return { unavailable: after };
  let microjoules = 0n;
  for (const [zone, { microjoules: start }] of before) {
    const end = after.get(zone);
    if (!end) return { unavailable: 'counter-wrapped' };
    microjoules += end.microjoules >= start ? end.microjoules - start : end.microjoules + end.range - start;
  }
  return { joules: Number(microjoules) / 1e6, source: `${rapl}/intel-rapl:*` };
}

/** Begins to measure; the function that it gives tells what was used since. */
export function startMeter(): () => ResourceRecord {
  const started = performance.now();
  const cpu = process.cpuUsage();
  const energy = readEnergy();
  return () => {
    const used = process.cpuUsage(cpu);
    return {
      wallMilliseconds: performance.now() - started,
      cpuMilliseconds: (used.user + used.system) / 1000,
      cpuUserMilliseconds: used.user / 1000,
      cpuSystemMilliseconds: used.system / 1000,
      memoryBytes: process.memoryUsage.rss(),
      memoryPeakBytes: process.resourceUsage().maxRSS * 1024,
      energy: energyBetween(energy, readEnergy()),
    };
  };
}

import type { EventType } from '../lifecycle/events.js';
import { catalogue } from './catalogue.js';

type Data = Readonly<Record<string, unknown>>;

/** By type, then by the version that they start from: each leads one version further. Pure and total on valid data. */
const upcasters: Readonly<Partial<Record<EventType, Readonly<Record<number, (data: Data) => Data>>>>> = {
  ModelRegistered: {
    /** Version 1 knew one jurisdiction and no prohibited uses. */
    1: ({ jurisdiction, ...data }) => ({ ...data, jurisdictions: [jurisdiction], prohibitedUses: [] }),
  },
};

/** Data of the newest version. The schema of `version` has accepted it, so a missing upcaster is a fault of ours. */
export function upcast(type: EventType, version: number, data: Data): Data {
  let current = data;
  for (let from = version; from < catalogue[type].version; from += 1) {
    const step = upcasters[type]?.[from];
    if (!step) throw new Error(`no upcaster from ${type} version ${from}`);
    current = step(current);
  }
  return current;
}

import { access } from './access/evolve.js';
import { approvals } from './approvals/evolve.js';
import { deployments } from './deployments/evolve.js';
import { fairness } from './fairness/evolve.js';
import { inventory } from './inventory/evolve.js';
import { lineage } from './lineage/evolve.js';
import { timeline } from './timeline/evolve.js';
import type { View } from './core/view.js';

/** Every read model of Assay. */
export const allViews: readonly View[] = [inventory, lineage, approvals, fairness, timeline, deployments, access];

/** The view whose consumer also leads from times to positions: it handles every event. */
export const clockView: View = timeline;

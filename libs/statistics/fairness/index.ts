export { countCells, overallCell, toGroupCounts, weightOf } from './cells.js';
export type { GroupCell, GroupCells } from './cells.js';
export { betweenGroups, parityMeasurements, selectedOf, selectionRate } from './parity.js';

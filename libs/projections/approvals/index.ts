export { approvals } from './evolve.js';
export * from './items.js';
export * from './queries.js';
export { openStage, type OpenStage, type SignatureRow } from './stages.js';
export { obstaclesFor, type Obstacle, type Signer } from './standing.js';

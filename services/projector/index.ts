export { createProjector, type Projector, type ProjectorOptions, type ViewStatus } from './projector.js';

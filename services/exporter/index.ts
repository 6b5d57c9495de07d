export { ExportRefused, createExporter } from './exporter.js';
export type { Exported, Exporter, ExporterDependencies, ExportProgress, ExportRequest } from './exporter.js';
export { followExports } from './follow.js';
export type { FollowOptions, RunningExporter } from './follow.js';

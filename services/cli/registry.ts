/** What a command may print to and where it stands. */
export interface CommandContext {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** Runs a command; the number is the exit code: 0 fine, 1 a gate failed, 2 an error (thrown errors are 2 too). */
export type Command = (args: readonly string[], context: CommandContext) => Promise<number>;

export interface CommandEntry {
  readonly name: string;
  /** One line for `assay --help`. */
  readonly summary: string;
  /** Loaded when the command is run, so that `--help` stays quick. */
  readonly load: () => Promise<Command>;
}

export const commands: readonly CommandEntry[] = [
  {
    name: 'init',
    summary: 'opens the workspace of an empty product and prints one service key',
    load: async () => (await import('./commands/init.js')).init,
  },
  {
    name: 'verify',
    summary: "a dossier's JSON twin and PDF, checked offline",
    load: async () => (await import('./commands/verify.js')).verify,
  },
  {
    name: 'store',
    summary: 'copies an event store into another, or exports it into a segment file; both resumable and verified',
    load: async () => (await import('./commands/store.js')).store,
  },
  {
    name: 'views',
    summary: 'read models: list, rebuild, undo, verify, drop, release a stopped partition',
    load: async () => (await import('./commands/views.js')).views,
  },
  {
    name: 'measures',
    summary: 'the catalogue of every number that Assay computes',
    load: async () => (await import('./commands/measures.js')).measures,
  },
  {
    name: 'measure',
    summary: 'any one number, recomputed by its name',
    load: async () => (await import('./commands/measure.js')).measureCommand,
  },
  {
    name: 'fairness',
    summary: 'fairness of decisions by group, with intervals, tests and verdicts',
    load: async () => (await import('./commands/fairness.js')).fairness,
  },
  {
    name: 'drift',
    summary: 'drift of every column between two files',
    load: async () => (await import('./commands/drift.js')).drift,
  },
  {
    name: 'explain',
    summary: 'what a trained model goes by, over a table and for one row of it',
    load: async () => (await import('./commands/explain.js')).explain,
  },
  {
    name: 'estimate',
    summary: "a model's performance on rows without labels, whole and by group",
    load: async () => (await import('./commands/estimate.js')).estimate,
  },
  {
    name: 'train',
    summary: 'runs one training job: model.onnx, run.json, trials.jsonl',
    load: async () => (await import('./commands/train.js')).train,
  },
  {
    name: 'profile',
    summary: 'profile and seal of a data file, with what to look at',
    load: async () => (await import('./commands/profile.js')).profile,
  },
];

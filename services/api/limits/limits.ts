/** What one caller may ask for. Every limit is stated in `docs/limits.md`. */
export interface Limits {
  /** Lexical tokens of a GraphQL document. */
  readonly tokens: number;
  /** Levels of selection sets, through fragments. */
  readonly depth: number;
  /** Aliases of a document, through fragments. */
  readonly aliases: number;
  /** Root fields of an operation, through fragments. */
  readonly rootFields: number;
  /** Objects that an operation could answer, by its `first` arguments, plus ten for a mutation. */
  readonly cost: number;
  /** Bytes of a GraphQL request's body. */
  readonly bodyBytes: number;
  /** Levels of objects and lists in a request's JSON. */
  readonly jsonDepth: number;
  /** Cost units that one actor may spend: what refills in a second, and what may be saved up. */
  readonly ratePerSecond: number;
  readonly rateBurst: number;
  /** The same for one address without sign-in. */
  readonly anonymousRatePerSecond: number;
  readonly anonymousRateBurst: number;
  /** Bytes of one upload. */
  readonly contentBytes: number;
  /** Subscriptions of one connection, connections of one actor. */
  readonly subscriptions: number;
  readonly connections: number;
  /** Milliseconds that a read waits for a view to reach its position. */
  readonly waitMs: number;
}

export const defaultLimits: Limits = {
  tokens: 2_000,
  depth: 16,
  aliases: 30,
  rootFields: 20,
  cost: 50_000,
  bodyBytes: 1024 * 1024,
  jsonDepth: 32,
  ratePerSecond: 20_000,
  rateBurst: 60_000,
  anonymousRatePerSecond: 50,
  anonymousRateBurst: 500,
  contentBytes: 2 ** 31,
  subscriptions: 20,
  connections: 20,
  waitMs: 5_000,
};

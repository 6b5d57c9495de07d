import type { Clock } from '#libs/runtime';
import { clockToleranceSeconds, type VerifiedToken } from './tokens.js';

/** A bearer token whose signature and claims were accepted, and whose subject it is. */
export interface RecentBearer {
  readonly token: VerifiedToken;
  readonly identityId: string;
}

/** How long a verdict about a token stands, in milliseconds: after a withdrawn issuer key it lives on this long. */
export const recentBearerMs = 30_000;
const maximumBearers = 10_000;

/**
 * Bearer tokens accepted a moment ago, by their own text. Only what cannot change is kept: the signature's verdict and
 * the subject's identity. Expiry, erasure and grants are asked again on every request.
 */
export class RecentBearers {
  readonly #known = new Map<string, RecentBearer & { readonly until: number }>();

  constructor(private readonly clock: Clock) {}

  get(bearer: string): RecentBearer | undefined {
    const found = this.#known.get(bearer);
    if (!found) return undefined;
    const expired = Date.parse(found.token.expiresAt) + clockToleranceSeconds * 1000 <= this.clock.now().getTime();
    if (!expired && this.clock.monotonic() < found.until) return found;
    this.#known.delete(bearer);
    return undefined;
  }

  put(bearer: string, recent: RecentBearer): void {
    this.#known.set(bearer, { ...recent, until: this.clock.monotonic() + recentBearerMs });
    if (this.#known.size <= maximumBearers) return;
    // In the order in which they were put: the oldest go.
    for (const old of this.#known.keys()) {
      this.#known.delete(old);
      if (this.#known.size <= maximumBearers) return;
    }
  }

  forget(bearer: string): void {
    this.#known.delete(bearer);
  }
}

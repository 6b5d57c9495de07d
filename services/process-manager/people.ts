import type { Id } from '#libs/lifecycle';

/** Which identities are one person: links go both ways and on from one to the next. */
export class People {
  readonly #links = new Map<Id, Set<Id>>();

  link(one: Id, other: Id): void {
    this.#of(one).add(other);
    this.#of(other).add(one);
  }

  /** The identity itself and all that it is linked to. */
  identitiesOf(id: Id): ReadonlySet<Id> {
    const seen = new Set([id]);
    for (const next of seen) for (const linked of this.#links.get(next) ?? []) seen.add(linked);
    return seen;
  }

  #of(id: Id): Set<Id> {
    const known = this.#links.get(id) ?? new Set();
    this.#links.set(id, known);
    return known;
  }
}

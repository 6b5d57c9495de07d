import { expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { RecentIds } from './recent-ids.js';

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('add' as const), id: fc.nat({ max: 9 }) }) },
  fc.record({ kind: fc.constant('forget' as const), count: fc.nat({ max: 4 }) }),
);
/** Some share their first words, by which they are looked for. */
const ids = Array.from({ length: 10 }, (_, n) => (n < 6 ? `0a1b2c3d${randomUUID().slice(8)}` : randomUUID()));

test('the newest events are found by id, and what was taken back is not', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const recent = new RecentIds(5);
      const model: { id: string; place: { stream: string; revision: bigint; position: bigint } }[] = [];
      for (const [n, each] of steps.entries()) {
        if (each.kind === 'add') {
          const place = { stream: `s${n % 3}`, revision: BigInt(n), position: 2n ** 62n + BigInt(n) };
          recent.add(ids[each.id]!, place.stream, place.revision, place.position);
          model.push({ id: ids[each.id]!, place });
          if (model.length > 5) model.shift();
        } else {
          recent.forget(each.count);
          model.splice(Math.max(0, model.length - each.count));
        }
        for (const id of ids) expect(recent.find(id)).toEqual(model.findLast((one) => one.id === id)?.place);
      }
    }),
    { numRuns: 300 },
  );
});

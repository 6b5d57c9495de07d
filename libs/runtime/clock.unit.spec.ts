import { describe, expect, test } from '@jest/globals';
import { ManualClock, deterministicId, systemClock } from '#libs/runtime';

describe('the clock', () => {
  test('a manual clock fires timers in the order in which they are due', () => {
    const clock = new ManualClock('2026-01-01T00:00:00Z');
    const fired: string[] = [];
    clock.after(200, () => fired.push('late'));
    clock.after(100, () => {
      fired.push('early');
      clock.after(50, () => fired.push('chained'));
    });
    clock.after(10, () => fired.push('cancelled')).cancel();
    clock.advance(199);
    expect(fired).toEqual(['early', 'chained']);
    clock.advance(1);
    expect(fired).toEqual(['early', 'chained', 'late']);
    expect(clock.now().toISOString()).toBe('2026-01-01T00:00:00.200Z');
  });

  test('a jump of the wall clock leaves the monotonic time alone', () => {
    const clock = new ManualClock();
    clock.jump(-3_600_000);
    expect(clock.monotonic()).toBe(0);
    expect(clock.now().toISOString()).toBe('2025-12-31T23:00:00.000Z');
  });

  test('a delay beyond one Node timer does not fire at once', async () => {
    let fired = false;
    const timer = systemClock.after(2 ** 31 + 1000, () => {
      fired = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    timer.cancel();
    expect(fired).toBe(false);
  });
});

describe('deterministic ids', () => {
  test('are UUIDs, equal for equal parts and different when a boundary moves', () => {
    expect(deterministicId('a', 'b')).toBe(deterministicId('a', 'b'));
    expect(deterministicId('ab', 'c')).not.toBe(deterministicId('a', 'bc'));
    expect(deterministicId('x')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

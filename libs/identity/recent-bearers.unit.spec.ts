import { expect, test } from '@jest/globals';
import { ManualClock } from '#libs/runtime';
import { RecentBearers, recentBearerMs } from './recent-bearers.js';
import { clockToleranceSeconds } from './tokens.js';

function made(lifeSeconds: number) {
  const clock = new ManualClock();
  const recent = new RecentBearers(clock);
  const expiresAt = new Date(clock.now().getTime() + lifeSeconds * 1000).toISOString();
  const token = { issuer: 'i', subject: 's', tokenId: 't', issuedAt: clock.now().toISOString(), expiresAt, groups: [] };
  recent.put('bearer', { token, identityId: 'ana' });
  return { clock, recent };
}

test('a token that was accepted is known by its whole text, for half a minute', () => {
  const { clock, recent } = made(3_600);
  expect(recent.get('bearer')?.identityId).toBe('ana');
  expect(recent.get('bearer ')).toBeUndefined();
  clock.advance(recentBearerMs - 1);
  expect(recent.get('bearer')).toBeDefined();
  clock.advance(1);
  expect(recent.get('bearer')).toBeUndefined();
});

test('a token that expires is not known any more, on the second', () => {
  const { clock, recent } = made(1);
  clock.jump((1 + clockToleranceSeconds) * 1000 - 1);
  expect(recent.get('bearer')).toBeDefined();
  clock.jump(1);
  expect(recent.get('bearer')).toBeUndefined();
});

test('memory is bounded: the oldest go', () => {
  const { recent } = made(3_600);
  const { token } = recent.get('bearer')!;
  for (let index = 0; index < 10_000; index += 1) recent.put(`token ${index}`, { token, identityId: 'ben' });
  expect(recent.get('bearer')).toBeUndefined();
  expect(recent.get('token 0')).toBeDefined();
});

import { randomInt } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { runChapter } from './chapter.js';

/** `npm run test:crash -- --seed N --kills N` sets both; 20 kills of one installation are what `npm test` does. */
const kills = Number(process.env['ASSAY_CRASH_KILLS'] ?? 20);
const seed = Number(process.env['ASSAY_CRASH_SEED'] ?? randomInt(2 ** 31));
const perChapter = 20;
const chapters = Math.ceil(kills / perChapter);
const say = process.env['ASSAY_CRASH_KILLS'] ? (line: string) => process.stderr.write(`${line}\n`) : undefined;

const linuxTest = process.platform === 'linux' ? test : test.skip;

linuxTest.each(Array.from({ length: chapters }, (_, index) => seed + index))(
  'kills in the middle of load lose nothing acknowledged (--seed %i)',
  async (chapterSeed) => {
    say?.(`chapter with seed ${chapterSeed}`);
    const wanted = Math.min(kills, perChapter);
    const result = await runChapter({ seed: chapterSeed, kills: wanted, ...(say && { say }) });
    say?.(JSON.stringify(result));
    expect(result.kills).toBeGreaterThanOrEqual(wanted);
    expect(result.acknowledged).toBeGreaterThan(wanted * 5);
    expect(result.served).toBeGreaterThan(0);
  },
  900_000,
);

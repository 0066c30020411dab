// Cold. Runs on: main.
// Rounds as they are drawn: repeatable one by one, each a machine that can be had, and soon everything once.

import t from 'tap';
import { resolveOptions } from '../../src/coordinator/resolve-options.js';
import type { HostOptions } from '../../src/index.js';
import { drawRound, ROUND_MAX, SEED_MAX } from '../../src/stress/draw.js';
import { SETTINGS } from '../../src/stress/settings.js';
import { ENOUGH_ROUNDS } from '../../src/stress/visits.js';

const SEEDS = 200;

function rounds(seed: number, count: number) {
  return Array.from({ length: count }, (_, index) => drawRound(seed, index + 1));
}

t.test('a round is of its seed and number alone', async (t) => {
  const all = rounds(7, 20);
  const { random: _, ...again } = drawRound(7, 13);
  t.match(all[12], again);
  t.equal(drawRound(7, 13).random.word(), all[12]!.random.word(), 'its operations too');
  const texts = new Set([...all, ...rounds(8, 20)].map(({ options }) => JSON.stringify(options)));
  t.equal(texts.size, 40, 'no two alike');
  t.ok(drawRound(SEED_MAX, ROUND_MAX).options.duration! > 0);
});

t.test('every one is a machine that can be had', async (t) => {
  for (let seed = 0; seed < SEEDS; seed += 1) {
    for (const { options } of rounds(seed, ENOUGH_ROUNDS)) resolveOptions(options);
  }
  t.pass(`${SEEDS * ENOUGH_ROUNDS} rounds`);
});

t.test(`${ENOUGH_ROUNDS} rounds have, for nearly each seed, every choice of every setting`, async (t) => {
  const all = SETTINGS.flatMap(({ name, choices }) => choices.map((choice) => `${name} ${choice.name}`));
  const lacking = Array.from({ length: SEEDS }, (_, seed) => seed).filter((seed) => {
    const seen = new Set(rounds(seed, ENOUGH_ROUNDS).flatMap(({ choices }) => choices.map((pair) => pair.join(' '))));
    return all.some((name) => !seen.has(name));
  });
  t.ok(lacking.length <= SEEDS / 100, `seeds that lack one: ${lacking}`);
});

t.test('later rounds are longer where packets come fast, and no others are', async (t) => {
  const isFast = ({ rate, work = 0, weight = 64, cpus = 1, size, checkBuffers }: HostOptions) =>
    rate === 'max' && work === 0 && weight > 8 && cpus === 1 && size === 64 && !checkBuffers;
  const isSlow = ({ rate }: HostOptions) => Number(rate) < 500_000;
  const mean = (from: number, fits: (options: HostOptions) => boolean) => {
    const some = Array.from({ length: 1000 }, (_, index) => drawRound(3, from + index)).filter((one) =>
      fits(one.options),
    );
    return some.reduce((sum, { course }) => sum + course.trafficMs, 0) / some.length;
  };
  t.ok(mean(1000, isFast) > 5 * mean(1000, isSlow));
  t.ok(
    mean(1000, isSlow) <
      1.5 * rounds(3, ENOUGH_ROUNDS).reduce((sum, { course }) => sum + course.trafficMs / ENOUGH_ROUNDS, 0),
  );
});

t.test('a capture file has its limit', async (t) => {
  const all = rounds(9, 200).filter(({ course }) => course.records !== 'nothing');
  t.ok(all.length > 20);
  t.ok(all.every(({ options }) => options.packets! <= 200_000));
});

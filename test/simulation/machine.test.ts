// Cold. Runs on: main.
// The whole machine on one thread, seed after seed: conservation, order within a flow, the identities of a stop, every buffer
// found once, and everything delivered at the end. The failing seed is printed as the command that plays it again.

import t, { type Test } from 'tap';
import type { Outcome } from './checks.js';
import { isFailure, play } from './play.js';
import type { Scenario } from './scenario.js';

/** Plays `count` seeds from `first` on. @returns what those that passed left behind */
function playMany(t: Test, first: number, count: number, overrides: Partial<Scenario> = {}): Outcome[] {
  const results = Array.from({ length: count }, (_, i) => play(first + i, overrides));
  const failures = results.filter(isFailure).map(({ message, replay }) => `${message}\n${replay}`);
  t.same(failures, [], `${count} seeds`);
  return results.flatMap((result) => (isFailure(result) ? [] : [result]));
}

function total(outcomes: readonly Outcome[], of: (outcome: Outcome) => number): number {
  return outcomes.reduce((sum, outcome) => sum + of(outcome), 0);
}

function queues({ nic }: Outcome, name: 'missedReschedules' | 'fullBudgetPolls' | 'completions'): number {
  return nic.queues.reduce((sum, queue) => sum + queue[name], 0);
}

function cpus(outcome: Outcome, name: 'timeSqueeze' | 'ksoftirqdRuns' | 'dropped'): number {
  return outcome.cpus.reduce((sum, cpu) => sum + cpu[name], 0);
}

t.test('whatever the seed decides', async (t) => {
  const outcomes = playMany(t, 1, 400);
  const reached = {
    packets: total(outcomes, ({ offered }) => offered),
    moves: total(outcomes, ({ moves }) => moves),
    missedErrors: total(outcomes, ({ nic }) => nic.rxMissedErrors),
    pauses: total(outcomes, ({ nic }) => nic.pauses),
    malformed: total(outcomes, ({ stack }) => stack.malformed.ipv4Version! + stack.malformed.ipv6Version!),
    missedReschedules: total(outcomes, (outcome) => queues(outcome, 'missedReschedules')),
    fullBudgetPolls: total(outcomes, (outcome) => queues(outcome, 'fullBudgetPolls')),
    timeSqueeze: total(outcomes, (outcome) => cpus(outcome, 'timeSqueeze')),
    ksoftirqdRuns: total(outcomes, (outcome) => cpus(outcome, 'ksoftirqdRuns')),
    backlogDrops: total(outcomes, (outcome) => cpus(outcome, 'dropped')),
  };
  for (const [what, count] of Object.entries(reached)) t.ok(count > 100, `${what}: ${count}`);
});

for (const irq of ['latch', 'nolatch'] as const) {
  const wild = { mode: 'napi', full: 'wait', malformed: false, interleave: 0.5, moves: 0.2, irq } as const;
  t.test(`${irq}: lossless, on wildly moving lines`, async (t) => {
    const outcomes = playMany(t, 1000, 60, wild);
    const lost = outcomes.filter(({ offered, stack }) => stack.delivered !== offered);
    t.same(lost, [], 'everything offered is delivered');
  });
}

t.test('jumbo frames over the smallest ring', async (t) => {
  playMany(t, 2000, 30, { sizes: [9216], ring: 64, mode: 'napi', interleave: 0.2, moves: 0.1, checkBuffers: true });
});

t.test('interrupt mode at overload', async (t) => {
  const outcomes = playMany(t, 3000, 20, { mode: 'interrupt', sizes: [80], packets: 4000, pps: 5e7, full: 'drop' });
  for (const { nic, stack, dropped, offered } of outcomes) {
    if (nic.irqs < nic.rxPackets) t.fail(`${nic.irqs} interrupts for ${nic.rxPackets} packets`);
    if (stack.delivered + dropped !== offered) t.fail('not everything is accounted for');
  }
});

t.test('the same seed, the same run; with either burst functions', async (t) => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) {
    const first = play(seed, { bursts: 'wasm' });
    t.same(play(seed, { bursts: 'wasm' }), first, `seed ${seed} twice`);
    t.same(play(seed, { bursts: 'reference' }), first, `seed ${seed} with the reference`);
  }
});

t.test('another seed, another run', async (t) => {
  const runs = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => JSON.stringify(play(seed)));
  t.equal(new Set(runs).size, runs.length);
});

t.test('D02: a device that does not latch, and a driver that does not look again: the stall is seen', async (t) => {
  const blind = { mode: 'napi', irq: 'nolatch', recheck: false, moves: 0, interleave: 0.3, pps: 1e7 } as const;
  const stalls = Array.from({ length: 20 }, (_, i) => play(4000 + i, blind)).filter(isFailure);
  t.ok(stalls.length > 0, `${stalls.length} of 20`);
  for (const { message } of stalls) t.match(message, /stall: \d+ packets are in flight|has not ended/);
  t.match(stalls[0]?.replay, /^node build\/test\/simulation\/replay\.js 40\d\d --with '\{"mode":"napi",/);
  t.ok(Array.from({ length: 20 }, (_, i) => play(4000 + i, { ...blind, recheck: true })).every((r) => !isFailure(r)));
});

// Cold. Runs on: main; starts real threads.
// Deferred interrupts: between the polls of a timer the line stays masked, nothing is lost, and each poll still ends in one way.

import t, { type Test } from 'tap';
import type { HostOptions, QueueSnapshot, Snapshot } from '../../src/index.js';
import { endsWithin, FILE_MS, start } from './machine.js';

t.setTimeout(FILE_MS);

const LIMIT_MS = 20_000;
const PACKETS = 10_000;
const LOAD = { device: 'pktgen', cpus: 1, queues: 2, rate: 20_000, full: 'wait', packets: PACKETS } as const;

function endsOf(queue: QueueSnapshot): number {
  const { completions, unaskedPolls, fullBudgetPolls, missedReschedules, deferredPolls } = queue;
  return completions + unaskedPolls + fullBudgetPolls + missedReschedules + deferredPolls;
}

async function totals(t: Test, options: HostOptions, defer = 0, timeoutNs = 0) {
  const host = await start(options);
  await host.napi.write('gro_flush_timeout', timeoutNs);
  await host.napi.write('napi_defer_hard_irqs', defer);
  const snapshot: Snapshot = await endsWithin(host, LIMIT_MS);
  const { queues } = snapshot.nics[0]!;
  const sum = (name: 'irqs' | 'polls' | 'completions' | 'deferredPolls' | 'fullBudgetPolls') =>
    queues.reduce((total, queue) => total + queue[name], 0);
  for (const queue of queues) t.equal(queue.polls, endsOf(queue), `queue ${queue.id}: each poll ended in one way`);
  t.ok(snapshot.conservation.holds);
  t.equal(snapshot.conservation.inFlight, 0);
  t.equal(snapshot.stack.delivered, PACKETS);
  const { timerIrqs } = snapshot.cpus[0]!;
  return { irqs: sum('irqs'), polls: sum('polls'), open: sum('irqs') - sum('completions'), sum, timerIrqs };
}

t.test('neither knob: no timer', async (t) => {
  const { timerIrqs, sum } = await totals(t, LOAD);
  t.same([timerIrqs, sum('deferredPolls')], [0, 0]);
});

for (const irq of ['latch', 'nolatch'] as const) {
  t.test(`${irq}: deferred for as long as traffic comes: timers poll, and hardly an interrupt comes`, async (t) => {
    const { irqs, polls, open, sum, timerIrqs } = await totals(t, { ...LOAD, irq }, 1000, 300_000);
    t.comment(`${irqs} interrupts, ${timerIrqs} of the timer, ${polls} polls, ${sum('deferredPolls')} deferred`);
    t.ok(irqs < timerIrqs, `${irqs} interrupts, until it was set`);
    t.equal(open, 2, 'both lines are masked still');
    t.ok(timerIrqs > 100, `${timerIrqs} timer interrupts`);
    t.ok(sum('deferredPolls') > polls / 2, `${sum('deferredPolls')} of ${polls} polls were deferred`);
  });
}

t.test('deferred once: the interrupt comes back after each', async (t) => {
  const { irqs, timerIrqs } = await totals(t, LOAD, 1, 10_000);
  t.ok(irqs > 100, `${irqs} interrupts`);
  t.ok(timerIrqs > 100, `${timerIrqs} timer interrupts`);
});

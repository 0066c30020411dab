// Cold. Runs on: main.
// Operations see what is wrong with a machine: here one whose threads are this test.

import t from 'tap';
import { compileBursts } from '../../src/bursts/load.js';
import type { RunningHost } from '../../src/coordinator/host.js';
import { createMachine } from '../../src/coordinator/machine.js';
import { makePlan } from '../../src/coordinator/plan.js';
import { resolveOptions } from '../../src/coordinator/resolve-options.js';
import { counterAddress, POLL_COUNTERS } from '../../src/memory/counters.js';
import { Random } from '../../src/runtime/random.js';
import { OPERATIONS } from '../../src/stress/operations.js';
import { sample } from '../report/sample.js';

const operation = (name: string) => OPERATIONS.find((operation) => operation.name === name)!;

/** A machine of one queue, of which `cpu` polls it once each ms. */
function hostOf(cpu: number) {
  const plan = makePlan({ cpus: 2, queues: 1, ring: 64, mode: 'napi', frames: 64 });
  const machine = createMachine(plan, 64, 'latch', compileBursts());
  const polls = counterAddress(POLL_COUNTERS, plan.cpus[cpu]!.pollCounters[0]!, 'polls') / 8;
  const timer = setInterval(() => {
    machine.views.doubles[polls] = machine.views.doubles[polls]! + 1;
  }, 1);
  const host = {
    config: resolveOptions({ device: 'pktgen', cpus: 2, queues: 1 }),
    supervisor: { source: { machine, plan } },
    moveLine: async (line: number, to: number) => machine.lines[line]!.retarget(to),
  };
  return { host: host as unknown as RunningHost, end: () => clearInterval(timer) };
}

/** Its first word chooses the line, its second the CPU. */
function choosing(cpu: number): Random {
  for (let seed = 0; ; seed += 1) {
    const random = new Random(seed);
    random.below(1);
    if (random.below(2) === cpu) return new Random(seed);
  }
}

t.test('a CPU that polls a queue whose line has moved away', async (t) => {
  const { host, end } = hostOf(0);
  const { run } = operation('move a line, and see who polls');
  await t.rejects(run(host, choosing(1)), /^line 0 was moved to cpu1, and others polled \d+ times since$/);
  await t.resolves(run(host, choosing(0)), 'it is the one that may');
  end();
});

t.test('a counter that goes back', async (t) => {
  const later = { ...sample, stack: { ...sample.stack, delivered: sample.stack.delivered + 1 } };
  const { run } = operation('snapshot');
  const hostWith = (...snapshots: (typeof sample)[]) =>
    ({ snapshot: () => snapshots.shift() }) as unknown as RunningHost;
  await t.resolves(run(hostWith(sample, later), new Random(1)));
  await t.rejects(run(hostWith(later, sample), new Random(1)), /two snapshots went back/);
});

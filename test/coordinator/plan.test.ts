// Cold. Runs on: main.
// The plan of the shared memory: every region in a place of its own, and a printed sum that is true.

import fc from 'fast-check';
import t from 'tap';
import { FLOW_BUCKETS } from '../../src/bursts/layout.js';
import { WRITE_AREA_BYTES } from '../../src/capture/write-area.js';
import { makePlan, type Plan, type PlanNeeds } from '../../src/coordinator/plan.js';
import { SoftirqOptionError } from '../../src/index.js';
import { CONTEXT_BYTES } from '../../src/memory/context.js';
import { flowTableBytes } from '../../src/net/flow-table.js';

const CACHE_LINE = 64;
const PAGE = 4096;

function needsUpTo(cpus: number, queues: number, topFlows: number | null): fc.Arbitrary<PlanNeeds> {
  return fc.record({
    cpus: fc.integer({ min: 1, max: cpus }),
    queues: fc.integer({ min: 1, max: queues }),
    ring: fc.integer({ min: 6, max: 12 }).map((power) => 2 ** power),
    mode: fc.constantFrom('napi', 'interrupt'),
    frames: fc.integer({ min: 1, max: 2 ** 27 }),
    topFlows: fc.constant(topFlows),
  });
}

/** A flow table per CPU is the one thing that the most of all others leave no room for in 4 GiB. */
const needs = fc.oneof(needsUpTo(64, 128, null), needsUpTo(32, 128, 10), needsUpTo(64, 100, 10));

interface Line {
  readonly bytes: number;
  readonly name: string;
}

function linesOf({ text }: Plan): Line[] {
  return text.split('\n').map((line) => {
    const [, bytes, name] = /^ *(\d+) {2}(.+)$/.exec(line)!;
    return { bytes: Number(bytes), name: name! };
  });
}

/** Every address in a plan, by where it stands. */
function addressesOf({ cpus, nic, cpuContexts, backlogs, ...plan }: Plan): number[] {
  const { barrier, once, workSpeed, sysctls, nicContext } = plan;
  const perCpu = cpus.flatMap(({ softirq, softnet, timers, batch, tally, flows, counters, pollCounters }) => [
    ...[softirq, softnet, timers, batch, tally, counters],
    ...(flows === 0 ? [] : [flows]),
    ...pollCounters,
  ]);
  const { irq, napis, rings, pools, links, buffers } = cpus[0]!;
  const shared = [irq.address, napis, ...rings, ...pools, links, buffers];
  const ofNic = [nic.state, nic.rss, nic.frames, nic.counters, ...nic.queueCounters];
  const starts = [barrier, once, workSpeed, sysctls, nicContext, ...cpuContexts];
  return [
    ...starts,
    ...backlogs.flatMap(({ address, flowLimit }) => [address, flowLimit]),
    ...perCpu,
    ...shared,
    ...ofNic,
  ];
}

t.test('no two regions overlap, and each has the bytes that are printed for it', async (t) => {
  const property = fc.property(needs, (needs) => {
    const plan = makePlan(needs);
    const regions = linesOf(plan).slice(0, -1);
    const addresses = [0, ...addressesOf(plan)].sort((a, b) => a - b); // 0: the header
    if (addresses.length !== regions.length)
      throw new Error(`${addresses.length} addresses, ${regions.length} regions`);
    regions.forEach(({ bytes, name }, index) => {
      const address = addresses[index]!;
      const end = address + bytes;
      const next = addresses[index + 1] ?? plan.bytes;
      if (address % CACHE_LINE !== 0) throw new Error(`${name} at ${address}: not on a cache line of its own`);
      if (end > next) throw new Error(`${name} at ${address} with ${bytes} bytes runs into ${next}`);
      if (next - end >= PAGE) throw new Error(`${next - end} bytes after ${name} are nobody's`);
    });
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 300 }));
});

t.test('the printed sum adds up', async (t) => {
  const property = fc.property(needs, (needs) => {
    const plan = makePlan(needs);
    const lines = linesOf(plan);
    const { bytes: total, name } = lines.at(-1)!;
    const sum = lines.slice(0, -1).reduce((sum, { bytes }) => sum + bytes, 0);
    const alignment = total - sum;
    return (
      name.startsWith('in all') &&
      total === plan.bytes &&
      alignment >= 0 &&
      alignment < CACHE_LINE * lines.length + PAGE
    );
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 300 }));
});

t.test('what threads compute for themselves is where the plan puts it', async (t) => {
  const plan = makePlan({ cpus: 3, queues: 5, ring: 64, mode: 'interrupt', frames: 1000 });
  const { irq, buffers, rings, pools, napiCount } = plan.cpus[0]!;
  t.same(
    plan.cpuContexts,
    plan.cpus.map((_, cpu) => irq.contexts + cpu * CONTEXT_BYTES),
    'a CPU finds the doorbell of another by its number',
  );
  for (const cpu of [...plan.cpus, plan.nic])
    t.match(cpu, { buffers, irq, rings }, 'shared regions are the same for all');
  for (const cpu of plan.cpus) t.same([cpu.pools, cpu.napiCount, cpu.nicContext], [pools, napiCount, plan.nicContext]);
  t.equal(napiCount, 8, 'one NAPI per queue, one backlog per CPU');
  t.equal(plan.backlogs.length, 3);
});

t.test('write areas, as many as threads record', async (t) => {
  const shape = { cpus: 2, queues: 2, ring: 64, mode: 'napi', frames: 64 } as const;
  t.same(makePlan(shape).writers, []);
  const { writers, nic } = makePlan({ ...shape, writers: 3 });
  t.equal(writers.length, 3);
  const ends = [...writers.slice(1), nic.rings[0]!]; // what lies behind each
  t.ok(writers.every((at, index) => ends[index]! - at >= WRITE_AREA_BYTES));
});

t.test('a pool covers every place that can hold its buffers at once', async (t) => {
  const shape = { cpus: 1, queues: 1, ring: 512, frames: 64 } as const;
  const napi = makePlan({ ...shape, mode: 'napi' });
  t.equal(napi.poolCapacity, 512 + 64 * 5, 'posted, and a poll of 64 frames of 5 buffers');
  t.same(napi.backlogs, []);
  t.equal(makePlan({ ...shape, mode: 'interrupt' }).poolCapacity, 512 + 64 * 5 + 2 * 1001 * 5, 'and a full backlog');
});

t.test('flow tables are there for who asks, and large enough', async (t) => {
  const shape = { cpus: 2, queues: 1, ring: 64, frames: 64, mode: 'napi' } as const;
  t.same(
    makePlan(shape).cpus.map(({ flows }) => flows),
    [0, 0],
  );
  const plan = makePlan({ ...shape, topFlows: 1 });
  const tables = linesOf(plan).filter(({ name }) => name.startsWith('table of 131072 flows of cpu '));
  t.same(
    tables.map(({ bytes }) => bytes),
    plan.cpus.map(() => flowTableBytes(FLOW_BUCKETS)),
  );
});

t.test('what does not fit 4 GiB is refused', async (t) => {
  const large = { cpus: 64, queues: 128, ring: 4096, mode: 'interrupt', frames: 2 ** 30 } as const;
  try {
    makePlan(large);
    t.fail('it was planned');
  } catch (error) {
    t.type(error, SoftirqOptionError);
    const { option, value, message } = error as SoftirqOptionError;
    t.same([option, value], ['queues', 128]);
    t.match(
      message,
      /^queues=128: needs 4\.\d GiB of shared memory with ring=4096, and 4 GiB is the most: use fewer queues$/,
    );
  }
  t.ok(makePlan({ ...large, frames: 2 ** 26 }).bytes < 2 ** 32, 'the most that fits');
});

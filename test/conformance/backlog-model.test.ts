// Cold. Runs on: main.
// The backlogs of three CPUs against the kernel's rules as a model. Whatever order CPUs send, poll and inherit in, and whatever is set
// meanwhile, each queue, bit and counter is the model's after every step.

import fc from 'fast-check';
import t from 'tap';
import { simulate } from '../../src/testing.js';
import { CPUS, isSentOn, Model, nextCpu, onward } from './backlog-rules.js';

const RUNS = 150;

type Step =
  | {
      readonly do: 'send';
      readonly from: number;
      readonly to: number;
      readonly count: number;
      readonly bhOff: boolean;
    }
  | { readonly do: 'pass'; readonly cpu: number }
  | { readonly do: 'inherit'; readonly cpu: number; readonly from: number }
  | { readonly do: 'max' | 'weight'; readonly value: number };

const cpu = fc.nat(CPUS - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      from: cpu,
      to: cpu,
      count: fc.integer({ min: 1, max: 40 }),
      bhOff: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pass' as const), cpu }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('inherit' as const), cpu, from: fc.nat(CPUS - 2) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('max' as const), value: fc.constantFrom(0, 1, 5, 30, 1000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('weight' as const), value: fc.constantFrom(1, 3, 16, 64) }) },
);

/** The machine and the model, side by side. */
class Pair {
  private readonly m = simulate({ cpus: CPUS });
  private readonly model = new Model();
  private readonly delivered: number[][] = [];
  private next = 0;

  constructor() {
    for (const cpu of this.m.cpus) {
      const packets: number[] = [];
      this.delivered.push(packets);
      cpu.backlog.onPacket = (packet) => {
        packets.push(packet as number);
        if (isSentOn(packet as number)) cpu.enqueueToBacklog(nextCpu(cpu.id), onward(packet as number));
      };
    }
  }

  run(one: Step): void {
    if (one.do === 'send') this.send(one.from, one.to, one.count, one.bhOff);
    else if (one.do === 'pass') this.pass(one.cpu);
    else if (one.do === 'inherit') this.inherit(one.cpu, (one.cpu + 1 + one.from) % CPUS);
    else if (one.do === 'max') this.set('net.core.netdev_max_backlog', one.value);
    else this.set('net.core.dev_weight', one.value);
  }

  private send(from: number, to: number, count: number, bhOff: boolean): void {
    const packets = Array.from({ length: count }, () => this.next++);
    const sender = this.m.cpus[from]!;
    const sends = () => {
      for (const packet of packets) sender.enqueueToBacklog(to, packet);
    };
    if (bhOff) sender.bhDisabled(sends);
    else sender.task(sends);
    this.model.send(from, to, packets, bhOff);
  }

  private pass(id: number): void {
    this.m.cpus[id]!.pass();
    this.model.pass(id);
  }

  private inherit(heir: number, dead: number): void {
    const { cpus } = this.m;
    cpus[heir]!.irq(() => cpus[heir]!.inheritBacklog(cpus[dead]!));
    this.model.inherit(heir, dead);
  }

  private set(name: 'net.core.netdev_max_backlog' | 'net.core.dev_weight', value: number): void {
    this.m.sysctls.set(name, value);
    if (name === 'net.core.dev_weight') this.model.devWeight = value;
    else this.model.max = value;
  }

  /** Until nobody has anything to do. */
  settle(): void {
    while (this.model.isBusy) for (let id = 0; id < CPUS; id += 1) this.pass(id);
  }

  /** What the machine says, and what the model. */
  get views(): [object[], object[]] {
    const machine = this.m.cpus.map(({ backlog, pollList, pending, softirqs }, id) => ({
      input: backlog.inputPktQueue,
      process: backlog.processQueue,
      sched: backlog.state.includes('SCHED'),
      listed: pollList.length > 0,
      pending: pending.length > 0,
      dropped: backlog.dropped,
      receivedRps: backlog.receivedRps,
      netRx: softirqs.NET_RX,
      delivered: this.delivered[id]!,
    }));
    const model = this.model.cpus.map((it) => ({
      input: this.model.qlen(it),
      process: it.process.length,
      sched: it.sched,
      listed: it.listed,
      pending: it.pending,
      dropped: it.dropped,
      receivedRps: it.receivedRps,
      netRx: it.netRx,
      delivered: it.delivered,
    }));
    return [machine, model];
  }

  get isAtRest(): boolean {
    return this.m.cpus.every(
      ({ backlog }) => backlog.holder === null && backlog.inputPktQueue + backlog.processQueue === 0,
    );
  }
}

t.test(`${RUNS} courses of sends, polls, heirs and settings: after each step all is as in the model`, async (t) => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
      const pair = new Pair();
      for (const [index, one] of steps.entries()) {
        pair.run(one);
        same(pair, `step ${index}`);
      }
      pair.settle();
      same(pair, 'in the end');
      return pair.isAtRest;
    }),
    { numRuns: RUNS },
  );
  t.pass('no course differs');
});

function same(pair: Pair, when: string): void {
  const [machine, model] = pair.views.map((view) => JSON.stringify(view));
  if (machine !== model) throw new Error(`${when}:\nmachine ${machine}\nmodel   ${model}`);
}

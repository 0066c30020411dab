// Cold. Runs on: main.
// The backlogs of three CPUs against the kernel's rules as a model: queues under one lock, and a CPU that runs when it is told. Whatever
// order CPUs send, poll and inherit in, and whatever is set meanwhile, each queue, bit and counter is the model's after every step.

import fc from 'fast-check';
import t from 'tap';
import { simulate } from '../../src/testing.js';

const CPUS = 3;
const RUNS = 150;
const PASSES_MAX = 10;
/** Every so many packets is sent on, to the next CPU's backlog, while it is received. */
const SENT_ON = 7;

/** One CPU of the model: softnet_data, as far as backlogs go. */
interface ModelCpu {
  /** By sender: the order between senders is ours (a ring for each), that of each sender the kernel's. */
  readonly input: number[][];
  process: number[];
  /** NAPI_STATE_SCHED of its backlog, and whether that is on its poll list. */
  sched: boolean;
  listed: boolean;
  /** NET_RX */
  pending: boolean;
  inNetRxAction: boolean;
  /** Whose IPIs are on their way to it. */
  readonly called: Set<number>;
  /** rps_ipi_list */
  toCall: number[];
  weight: number;
  /** netdev_max_backlog as it goes by for its own packets: looked at once a poll. */
  ownMax: number;
  dropped: number;
  receivedRps: number;
  netRx: number;
  readonly delivered: number[];
}

function isSentOn(packet: number): boolean {
  return packet % SENT_ON === 0;
}

function nextCpu(cpu: number): number {
  return (cpu + 1) % CPUS;
}

/** The packet that follows from one that is sent on. */
function onward(packet: number): number {
  return packet + 0.5;
}

class Model {
  max = 1000;
  devWeight = 64;
  readonly cpus: ModelCpu[] = Array.from({ length: CPUS }, () => ({
    input: Array.from({ length: CPUS }, () => []),
    process: [],
    sched: false,
    listed: false,
    pending: false,
    inNetRxAction: false,
    called: new Set<number>(),
    toCall: [],
    weight: 64,
    ownMax: 1000,
    dropped: 0,
    receivedRps: 0,
    netRx: 0,
    delivered: [],
  }));

  qlen({ input }: ModelCpu): number {
    return input.reduce((sum, { length }) => sum + length, 0);
  }

  /** @param bhOff with bottom halves off, which are on again behind it; else NET_RX waits for an interrupt */
  send(from: number, to: number, packets: readonly number[], bhOff: boolean): void {
    const [sender, target] = [this.cpus[from]!, this.cpus[to]!];
    for (const packet of packets) this.enqueue(sender, target, from, from === to ? target.ownMax : this.max, packet);
    if (bhOff && sender.pending) this.softirqs(sender, PASSES_MAX);
  }

  private enqueue(sender: ModelCpu, target: ModelCpu, from: number, max: number, packet: number): void {
    if (this.qlen(target) > max) {
      target.dropped += 1;
      return;
    }
    target.input[from]!.push(packet);
    if (target.sched) return;
    target.sched = true;
    if (!sender.inNetRxAction) sender.pending = true;
    if (target === sender) target.listed = true;
    else sender.toCall.push(this.cpus.indexOf(target));
  }

  /** An interrupt, and one pass at its exit. */
  pass(cpu: number): void {
    const it = this.cpus[cpu]!;
    this.takeCalls(it);
    if (it.pending) this.softirqs(it, 1);
  }

  /** A call can be for nothing: somebody has inherited what it was for. */
  private takeCalls(it: ModelCpu): void {
    for (const _ of it.called) {
      it.receivedRps += 1;
      if (!it.sched || it.listed) continue;
      it.listed = true;
      it.pending = true;
    }
    it.called.clear();
  }

  private softirqs(it: ModelCpu, passes: number): void {
    for (let pass = 0; pass < passes && it.pending; pass += 1) {
      it.pending = false;
      it.netRx += 1;
      it.inNetRxAction = true;
      if (it.listed) this.poll(it);
      it.inNetRxAction = false;
      this.sendIpis(it);
      this.takeCalls(it);
    }
  }

  private sendIpis(it: ModelCpu): void {
    this.callFor(it, it);
  }

  private callFor(owing: ModelCpu, caller: ModelCpu): void {
    for (const cpu of owing.toCall) this.cpus[cpu]!.called.add(this.cpus.indexOf(caller));
    owing.toCall = [];
  }

  /** dev_cpu_dead, in an interrupt of the heir. */
  inherit(heir: number, dead: number): void {
    const [to, from] = [this.cpus[heir]!, this.cpus[dead]!];
    this.callFor(from, to);
    const left = [...from.process.splice(0), ...from.input.flatMap((ring) => ring.splice(0))];
    for (const packet of left) this.enqueue(to, to, heir, to.ownMax, packet);
    from.sched = false;
    from.listed = false;
    this.takeCalls(to); // It may have called itself.
    if (to.pending) this.softirqs(to, PASSES_MAX);
  }

  private poll(it: ModelCpu): void {
    this.sendIpis(it);
    it.ownMax = this.max;
    const quota = it.weight;
    it.weight = this.devWeight;
    for (let work = 0; ; ) {
      while (it.process.length > 0) {
        this.receive(it, it.process.shift()!);
        work += 1;
        if (work === quota) {
          it.pending = true;
          return;
        }
      }
      if (this.qlen(it) === 0) break;
      it.process = it.input.flatMap((ring) => ring.splice(0));
    }
    it.sched = false;
    it.listed = false;
  }

  private receive(it: ModelCpu, packet: number): void {
    it.delivered.push(packet);
    const from = this.cpus.indexOf(it);
    if (isSentOn(packet)) this.enqueue(it, this.cpus[nextCpu(from)]!, from, this.max, onward(packet));
  }

  get isBusy(): boolean {
    return this.cpus.some(({ pending, called }) => pending || called.size > 0);
  }
}

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

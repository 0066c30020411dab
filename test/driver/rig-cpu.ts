// Cold. Runs on: main.
// One CPU of the rig: the parts that cpu/build.ts makes and keeps to itself.

import { type CpuLayout, napiState } from '../../src/cpu/build.js';
import { CpuInterrupts, NapiInterrupt, PacketInterrupt } from '../../src/driver/interrupt.js';
import { RxPoll } from '../../src/driver/poll.js';
import { RxQueue } from '../../src/driver/rx-queue.js';
import { PendingCalls } from '../../src/irq/call.js';
import { IrqLine, PendingLines } from '../../src/irq/line.js';
import {
  CPU_COUNTERS,
  counterAddress,
  counterAddresses,
  POLL_COUNTERS,
  readCounters,
} from '../../src/memory/counters.js';
import { NetRxAction } from '../../src/napi/net-rx-action.js';
import { NapiPoller } from '../../src/napi/poll.js';
import { Softnet } from '../../src/napi/softnet.js';
import { NapiTimers } from '../../src/napi/timers.js';
import { Backlog } from '../../src/net/backlog.js';
import { ReceivedPackets } from '../../src/net/backlog-packets.js';
import { Receive } from '../../src/net/receive.js';
import { Burst, type Sink } from '../../src/net/sink.js';
import { readTallies } from '../../src/net/tally.js';
import { BufferPool } from '../../src/ring/buffer-pool.js';
import { RxRingConsumer } from '../../src/ring/rx-ring.js';
import { Softirqs } from '../../src/softirq/softirq.js';
import type { Rig, RigOptions } from './rig.js';

const RECEIVE = { workIterations: 0, verifyL4: false };
const SETTINGS = { weight: 64 };

export class RigCpu {
  readonly softirqs: Softirqs;
  readonly softnet: Softnet;
  readonly rx: RxQueue;
  /** This CPU's own view of the line, which its driver works with. */
  readonly line: IrqLine;
  readonly poll: RxPoll;
  readonly interrupts: CpuInterrupts;
  /** Called with each burst that is delivered, while the poll still has it in hand. */
  sink: (burst: Burst) => void = () => {};
  /** Called by the holder before it gives the queue up. */
  beforeRelease = () => {};
  /** Whether interrupts are delivered between two polls, packets and passes; doWork() delivers in any case. */
  delivers = true;
  needResched = false;
  /** None in mode napi. */
  private readonly backlogs: Backlog[] = [];
  private readonly rig: Rig;
  private readonly layout: CpuLayout;

  constructor(rig: Rig, layout: CpuLayout, options: RigOptions) {
    this.rig = rig;
    this.layout = layout;
    const { views, clock, bursts } = rig;
    const counters = counterAddresses(CPU_COUNTERS, layout.counters, CPU_COUNTERS);
    const polls = counterAddresses(POLL_COUNTERS, layout.pollCounters[0]!, POLL_COUNTERS);
    const states = Array.from({ length: layout.napiCount }, (_, id) => napiState(views, layout.napis, id));
    const deliver = () => (this.delivers ? this.interrupts.deliver() : 0);
    const { printk } = rig;
    const seams = { deliver, needResched: () => this.needResched, printk, trace: null, threadIrqs: false };
    const settings = { ...SETTINGS, ...options.settings };
    this.line = new IrqLine(views, layout.irq, 0);
    const { line } = this;
    const pool = new BufferPool(views, layout.pools[0]!, layout.links);
    const ring = new RxRingConsumer(views, layout.rings[0]!, layout.nicContext);
    const receive = this.receiver(options);
    this.softirqs = new Softirqs(views, layout.softirq, clock, seams, counters);
    const { softirqs } = this;
    this.softnet = new Softnet(views, layout.softnet, layout.cpu, states, softirqs);
    this.softnet.add(0, { weight: settings.weight });
    const poller = new NapiPoller(views, this.softnet, { clock, printk, trace: null }, counters.lastPollNs);
    new NetRxAction(views, this.softnet, poller, { clock, deliver }, rig.machine.sysctls, counters);
    const { batch, buffers, links } = layout;
    const { taken } = polls;
    this.rx = new RxQueue(views, { bursts, ring, pool, state: states[0]! }, { batch, buffers, links, taken });
    const { softnet, rx } = this;
    const beforeRelease = () => this.beforeRelease();
    const recheck = options.irq === 'nolatch';
    const pollParts = { cpu: layout.cpu, queue: 0, softnet, rx, receive, line, recheck, beforeRelease };
    this.poll = new RxPoll(views, pollParts, polls);
    const packetInterrupt = () => {
      const packets = new ReceivedPackets(views, receive, [pool], layout.links, null);
      const { softnet } = this;
      const parts = { softnet, sysctls: rig.machine.sysctls, calls: [], deliver };
      const backlog = new Backlog(views, layout.backlogs, 1, parts, packets, counters);
      this.backlogs.push(backlog);
      return new PacketInterrupt(line, this.rx, 0, layout.cpu, backlog, packets);
    };
    const handler = options.mode === 'napi' ? new NapiInterrupt(this.softnet, 0) : packetInterrupt();
    const pending = new PendingLines(views, layout.irq, layout.cpu);
    const { hardirqs } = counters;
    const { cpu } = layout;
    const timers = new NapiTimers(views, layout.timers, this.softnet, clock, null, counters.timerIrqs);
    const calls = new PendingCalls(views, layout.irq, cpu, []);
    this.interrupts = new CpuInterrupts(
      views,
      { cpu, context: softirqs, trace: null, pending, calls, timers, lines: [line], handlers: [handler] },
      { irqs: [polls.irqs], hardirqs },
    );
  }

  get backlog(): Backlog {
    return this.backlogs[0]!;
  }

  /** What Cpu.doWork() does. @returns interrupts handled */
  doWork(): number {
    const handled = this.interrupts.deliver();
    this.softirqs.runKsoftirqd();
    return handled;
  }

  /** Handlers only: the softirqs that they raise stay pending. @returns interrupts handled */
  handlersOnly(): number {
    const { preempt } = this.softirqs;
    preempt.disableBh();
    const handled = this.interrupts.deliver();
    preempt.enableBh();
    return handled;
  }

  /** An interrupt that raises nothing; what is pending runs at its exit. */
  emptyIrq(): void {
    this.softirqs.irqEnter();
    this.softirqs.irqExit();
  }

  /** The driver's counters of this CPU for the queue. */
  polls() {
    return readCounters(this.rig.views, POLL_COUNTERS, this.layout.pollCounters[0]!);
  }

  counters() {
    return readCounters(this.rig.views, CPU_COUNTERS, this.layout.counters);
  }

  tally() {
    return readTallies(this.rig.views, [this.layout.tally]);
  }

  private receiver(options: RigOptions): Receive {
    const { layout } = this;
    const settings = { ...RECEIVE, ...options.receive };
    const at = (name: (typeof CPU_COUNTERS)[number]) => counterAddress(CPU_COUNTERS, layout.counters, name);
    const where = {
      ...counterAddresses(CPU_COUNTERS, layout.counters, ['processed', 'delivered', 'deliveredBytes']),
      batch: layout.batch,
      buffers: layout.buffers,
      links: layout.links,
      tally: layout.tally,
      malformed: at('ethernetTruncated'),
      flows: layout.flows,
    };
    const burst = new Burst(this.rig.views, layout.batch, layout.buffers, layout.links);
    const { views, bursts } = this.rig;
    const sink: Sink = (given) => this.sink(given);
    return new Receive(views, where, settings, { bursts, burst, recorder: null, sink });
  }
}

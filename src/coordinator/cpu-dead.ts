// Cold. Runs on: main, when the thread of a CPU has certainly ended; tests, in its place.
// What a CPU leaves behind (cpu-remains.ts) on a machine whose instances poll Rx queues: instance and line n are of queue n.
//
// In interrupt mode backlogs come first, and lines last (backlog-heirs.ts).
//
// Of an instance that it held (the order in which a poll stores makes this enough, rx-queue.ts):
//   IN_HAND_COUNT = 0    nothing is in hand; what take() found is still in the ring
//   IN_HAND_COUNT > 0    the burst is out of the ring: TAIL and the counter `taken` are as the instance says
//   its pool             slots TAIL … POSTED-1 hold the ring's buffers, and all others are free
// In interrupt mode the same of each queue whose line targets it, but that buffers wait in its backlog, too. A packet of a backlog is
// out of it before it is received, or moved to another one.
// Lost is what it had taken and has counted neither as delivered nor as dropped: of one burst at most, since its counters are
// complete between two bursts.

import { napiState } from '../cpu/build.js';
import { IrqLine } from '../irq/line.js';
import { CPU_COUNTERS, counterAddress, MALFORMED_REASONS, POLL_COUNTERS, readCounters } from '../memory/counters.js';
import { DOUBLE_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import type { NapiState } from '../napi/state.js';
import { rebuildBufferPool } from '../ring/buffer-pool.js';
import { readRxRing, setRingTail } from '../ring/rx-ring.js';
import { BacklogHeirs } from './backlog-heirs.js';
import { CpuRemains } from './cpu-remains.js';
import type { Plan } from './plan.js';

/** Where everything lies. */
export type RemainsPlan = Pick<Plan, 'cpus' | 'cpuContexts' | 'nicContext' | 'pollerContexts'>;

export class CpuDead extends CpuRemains {
  /** Frames that went with CPUs, by queue. */
  readonly lost: number[];
  private readonly plan: RemainsPlan;
  private readonly states: readonly NapiState[];
  /** By queue. */
  private readonly lines: readonly IrqLine[];
  private readonly lostByCpu: number[];
  /** Null: not in interrupt mode. */
  private readonly backlogs: BacklogHeirs | null;

  constructor(views: Views, plan: RemainsPlan) {
    const { cpus, cpuContexts, nicContext, pollerContexts } = plan;
    const { irq, napis, napiCount, rings, backlogs, links } = cpus[0]!;
    const states = Array.from({ length: napiCount }, (_, id) => napiState(views, napis, id));
    const lines = rings.map((_, line) => new IrqLine(views, irq, line));
    const doorbells = [...cpuContexts, nicContext, ...pollerContexts];
    super(views, { irq, states, lines, doorbells, cpus });
    this.plan = plan;
    this.states = states;
    this.lines = lines;
    this.lost = rings.map(() => 0);
    this.lostByCpu = cpus.map(() => 0);
    const ofBacklogs = states.slice(lines.length);
    const heirs = new BacklogHeirs(views, backlogs, links, ofBacklogs, lines, this.calls);
    this.backlogs = backlogs.length === 0 ? null : heirs;
  }

  /** In interrupt mode lines go last. */
  override prepareLeave(cpu: number, heirs: readonly number[]): void {
    if (this.backlogs === null) super.prepareLeave(cpu, heirs);
  }

  protected override begin(cpu: number, heirs: readonly number[], accident: boolean): void {
    if (this.backlogs === null) super.begin(cpu, heirs, accident);
    else this.takeOverBacklogs(this.backlogs, cpu, heirs[0]!, accident);
  }

  private takeOverBacklogs(backlogs: BacklogHeirs, cpu: number, heir: number, accident: boolean): void {
    if (accident) this.settle(backlogs, cpu);
    backlogs.handOn(cpu, heir, accident);
    backlogs.follow(cpu, heir);
  }

  /** What it had in hand, and the pools of its queues. */
  private settle(backlogs: BacklogHeirs, cpu: number): void {
    const { queues, buffers } = backlogs.holdings(cpu);
    const inHand = queues.find((queue) => this.states[queue]!.inHand() > 0) ?? backlogs.queueInHand(cpu);
    for (const queue of queues) this.settleQueue(this.states[queue]!, cpu, buffers);
    this.countLost(cpu, inHand, backlogs.received(cpu));
  }

  override holds(cpu: number): boolean {
    return super.holds(cpu) || (this.backlogs?.holds(cpu) ?? false);
  }

  protected override lookEverywhere(heirs: readonly number[]): void {
    if (this.backlogs === null) super.lookEverywhere(heirs);
  }

  /** The CPU that its line targets. */
  protected override heirOf(state: NapiState): number {
    return this.lines[state.id]!.target();
  }

  protected override repair(state: NapiState, cpu: number): void {
    const burst = state.inHand() > 0;
    this.settleQueue(state, cpu, []);
    if (burst) this.countLost(cpu, state.id, 0);
  }

  /** @param elsewhere buffers that are neither in the ring nor free */
  private settleQueue(state: NapiState, cpu: number, elsewhere: readonly number[]): void {
    const { rings, pools, pollCounters } = this.plan.cpus[cpu]!;
    const ring = rings[state.id]!;
    if (state.inHand() > 0) {
      setRingTail(this.views, ring, state.inHandEnd);
      const taken = counterAddress(POLL_COUNTERS, pollCounters[state.id]!, 'taken');
      this.views.doubles[taken / DOUBLE_BYTES] = state.inHandTaken;
      state.handOn();
    }
    const inUse = new Set([...readRxRing(this.views, ring).buffers, ...elsewhere]);
    rebuildBufferPool(this.views, pools[state.id]!, inUse);
  }

  /** @param received beside what it took out of rings */
  private countLost(cpu: number, queue: number, received: number): void {
    const { counters, pollCounters } = this.plan.cpus[cpu]!;
    const taken = pollCounters.reduce((sum, block) => sum + readCounters(this.views, POLL_COUNTERS, block).taken, 0);
    const counted = readCounters(this.views, CPU_COUNTERS, counters);
    const malformed = MALFORMED_REASONS.reduce((sum, reason) => sum + counted[reason], 0);
    const lost = taken + received - counted.delivered - counted.dropped - malformed;
    this.lost[queue] = this.lost[queue]! + lost - this.lostByCpu[cpu]!;
    this.lostByCpu[cpu] = lost;
  }
}

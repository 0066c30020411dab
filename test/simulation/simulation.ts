// Cold. Runs on: main.
// A NIC and two CPUs, the same agents that run on threads, on one thread under a virtual clock: who gets the next turn, when
// another one cuts in, how time passes and when lines move is drawn from one seed.

import { compileBursts, instantiateBursts } from '../../src/bursts/load.js';
import { referenceBursts } from '../../src/bursts/reference/reference.js';
import { gunzipInflater } from '../../src/coordinator/inflater.js';
import { createMachine, type Machine } from '../../src/coordinator/machine.js';
import { makePlan, type Plan } from '../../src/coordinator/plan.js';
import type { SnapshotSource } from '../../src/coordinator/snapshot.js';
import { ThreadUses } from '../../src/coordinator/thread-uses.js';
import { buildCpu } from '../../src/cpu/build.js';
import { END_SOURCE } from '../../src/memory/context.js';
import { buildNic } from '../../src/nic/build.js';
import { deviceBytes, type PktgenSettings } from '../../src/nic/devices/create.js';
import { VirtualClock } from '../../src/runtime/clock.js';
import { Printk } from '../../src/runtime/printk.js';
import { Random } from '../../src/runtime/random.js';
import { assertConsistent, assertDrained, type Outcome, outcomeOf } from './checks.js';
import { Flows } from './flows.js';
import { spoilFlow } from './frames.js';
import { Mover } from './mover.js';
import { Role } from './role.js';
import { CPUS, isLossless, type Scenario } from './scenario.js';
import { interruptible, SimulatedClock } from './seams.js';

const burstModule = compileBursts();

const STEPS_MAX = 200_000;
/** How likely the counters are looked at between two turns. */
const INSPECTION = 1 / 300;
/** How likely an idle thread spins on instead of going to sleep. */
const SPIN = 0.2;
/** ns that a turn takes: mostly next to nothing, sometimes several jiffies. */
const TURNS_NS = [0, 0, 0, 200, 1000, 5000, 50_000, 1e6, 3e6];

const NONE = { snapshot: () => [] };

export class Simulation {
  readonly scenario: Scenario;
  readonly machine: Machine;
  readonly plan: Plan;
  readonly source: SnapshotSource;
  readonly flows: Flows;
  readonly mover: Mover;
  steps = 0;
  /** What the kernel would have printed: nothing. */
  readonly printed: string[] = [];
  private ending = false;
  private readonly random: Random;
  private readonly time = new VirtualClock();
  private readonly roles: readonly Role[];
  private readonly hook = () => this.cutIn();

  constructor(scenario: Scenario) {
    this.scenario = scenario;
    this.random = new Random(scenario.seed + 1);
    const { queues, ring, mode, irq } = scenario;
    const device = deviceOf(scenario);
    this.plan = makePlan({ cpus: CPUS, queues, ring, mode, frames: deviceBytes(device) });
    this.machine = createMachine(this.plan, ring, mode === 'interrupt' ? 'level' : irq, burstModule);
    this.source = {
      machine: this.machine,
      plan: this.plan,
      config: { device: 'pktgen' },
      recordings: NONE,
      uses: new ThreadUses(),
      pollers: () => [],
      cpus: { stateOf: () => 'online' },
      lost: this.plan.nic.rings.map(() => 0),
      fault: null,
    };
    this.flows = new Flows(isLossless(scenario));
    this.mover = new Mover(this.machine, this.plan, this.random);
    this.roles = [this.nic(device), ...this.plan.cpus.map((_, cpu) => this.cpu(cpu))];
    this.machine.sysctls.set('net.core.netdev_budget', scenario.budget);
    if (scenario.malformed) spoilFlow(this.machine.views, this.plan, scenario, 0);
  }

  /** Runs until nothing moves any more. @throws Error when something is wrong then, or on the way */
  run(): Outcome {
    while (this.step()) {
      this.steps += 1;
      if (this.steps > STEPS_MAX) throw new Error(`no end after ${STEPS_MAX} turns`);
      if (this.chance(INSPECTION)) assertConsistent(this);
    }
    assertConsistent(this);
    assertDrained(this);
    return outcomeOf(this);
  }

  /** One turn of a thread that is ready. @returns false when none is, and none will be */
  private step(): boolean {
    this.endWhenEnough();
    const ready = this.roles.filter((role) => role.isReady(this.time.nowNs));
    if (ready.length === 0) return this.waitForTime();
    this.turnOf(ready);
    this.time.advance(TURNS_NS[this.random.below(TURNS_NS.length)]!);
    return true;
  }

  private turnOf(ready: readonly Role[]): void {
    ready[this.random.below(ready.length)]!.turn(!this.chance(SPIN));
  }

  private waitForTime(): boolean {
    const next = Math.min(...this.roles.map(({ agent }) => agent.nextNs()));
    if (next === Number.POSITIVE_INFINITY) return false;
    this.time.advance(Math.ceil(next - this.time.nowNs));
    return true;
  }

  /** A thread is in the middle of something: another one may go ahead, to the end of its turn or until it is cut in itself. */
  private cutIn(): void {
    this.endWhenEnough();
    if (this.scenario.mode === 'napi' && this.chance(this.scenario.moves)) this.mover.step();
    if (!this.chance(this.scenario.interleave)) return;
    const ready = this.roles.filter((role) => role.isReady(this.time.nowNs));
    if (ready.length > 0) this.turnOf(ready);
  }

  /** What main asks a NIC between two of its turns. */
  private endWhenEnough(): void {
    const { endless, packets } = this.scenario;
    const [nic] = this.roles as [Role];
    if (!endless || this.ending || nic.isActive || this.offered() < packets) return;
    this.ending = true;
    nic.agent.handle(END_SOURCE);
  }

  private chance(probability: number): boolean {
    return this.random.next() < probability;
  }

  private offered(): number {
    return this.machine.views.doubles[this.plan.nic.counters / 8]!;
  }

  private nic(device: PktgenSettings): Role {
    const { full, packets, endless } = this.scenario;
    const settings = { device, full, framesMax: endless ? Number.POSITIVE_INFINITY : packets };
    const agent = buildNic(this.machine.views, this.plan.nic, settings, { ...this.seams(), inflater: gunzipInflater });
    return new Role(this.machine.views, this.plan.nicContext, agent, this.hook);
  }

  private cpu(cpu: number): Role {
    const { scenario, flows, mover } = this;
    const { mode, recheck, checkBuffers, weight, workIterations } = scenario;
    const irq = recheck ? scenario.irq : 'latch';
    const settings = {
      mode,
      irq,
      checkBuffers,
      verifyL4: true,
      weight,
      workIterations,
      threadIrqs: false,
    };
    const sink = (burst: Parameters<Flows['deliver']>[0]) => {
      if (mode === 'napi') mover.assertMayPoll(burst.queue, cpu);
      flows.deliver(burst);
      this.hook();
    };
    const seams = {
      ...this.seams(),
      sink,
      tasks: [],
      signalPending: () => false,
      needResched: () => this.chance(scenario.resched),
    };
    const agent = buildCpu(this.machine.views, this.plan.cpus[cpu]!, settings, seams);
    return new Role(this.machine.views, this.plan.cpuContexts[cpu]!, agent, this.hook);
  }

  private seams() {
    const { handle, views } = this.machine;
    const plain =
      this.scenario.bursts === 'wasm'
        ? instantiateBursts(handle.module, handle.memory)
        : referenceBursts(handle.memory, views);
    const printk = new Printk((line) => this.printed.push(line));
    return {
      bursts: interruptible(plain, this.hook),
      clock: new SimulatedClock(this.time, this.hook),
      printk,
      trace: null,
      recorder: null,
    };
  }
}

function deviceOf({ sizes, flows, ipVersion, seed, pps, arrival }: Scenario): PktgenSettings {
  return { kind: 'pktgen', sizes, flows, ipVersion, seed, pps, arrival };
}

// Hot. Runs on: CPU n.
// Process context of one CPU: ksoftirqd, NAPI threads and the application's tasks share it by weight, a slice at a time
// (kernel/sched/fair.c, in outline). Time in hard interrupts and inline softirqs is charged to nobody (CONFIG_IRQ_TIME_ACCOUNTING).
//
// Everybody has a virtual runtime: ns that it ran × 1024 / its weight. Who is behind is next, and keeps the CPU for a slice. Who
// comes back from sleep begins where the runnable are: sleeping saves nothing up. Of no use to others, so in no shared word.

import type { Clock } from '../runtime/clock.js';
import type { Softirqs } from '../softirq/softirq.js';

/** Weight of nice 0. */
export const NICE_0_WEIGHT = 1024;
/** base_slice_ns of a machine with a few CPUs. */
export const SLICE_NS = 3_000_000;
/** A turn of a task: as long as nobody looks at the mailbox. */
const TURN_NS = 200_000;
/** A turn is charged that much at least, also where a virtual clock stands still. */
const CHARGE_NS_MIN = 1000;

/** What runs in process context. It yields by returning. */
export interface Task {
  /** Share of the CPU, against 1024 of ksoftirqd. */
  readonly weight: number;
  /** False: it sleeps. */
  isRunnable(nowNs: number): boolean;
  /** prepare_to_wait: the CPU is about to sleep, and looks at isRunnable() once more. Who can be woken by others says so to them. */
  prepareToWait(): void;
  /** Runs until about `untilNs`. @returns how much it did */
  run(untilNs: number): number;
  /** When a sleeper will be runnable without anybody's doing; Infinity = never. */
  nextNs(): number;
}

/** A task's place in the queue (struct sched_entity). */
export class Entity {
  readonly task: Task;
  vruntimeNs = 0;
  runnable = false;
  /** In the middle of one, and others have theirs. */
  inTurn = false;
  queued = false;

  constructor(task: Task) {
    this.task = task;
  }
}

/** ksoftirqd/n: nice 0. */
class Ksoftirqd implements Task {
  readonly weight = NICE_0_WEIGHT;
  private readonly softirqs: Softirqs;

  constructor(softirqs: Softirqs) {
    this.softirqs = softirqs;
  }

  isRunnable(): boolean {
    return this.softirqs.ksoftirqdRunnable;
  }

  prepareToWait(): void {
    // Its own CPU alone wakes it.
  }

  run(): number {
    return this.softirqs.runKsoftirqd() ? 1 : 0;
  }

  nextNs(): number {
    return Number.POSITIVE_INFINITY;
  }
}

export class Scheduler {
  private readonly clock: Clock;
  private readonly ksoftirqd: Ksoftirqd;
  private readonly entities: Entity[];
  private current: Entity | null = null;
  /** The current one is in its turn, since startNs. */
  private running = false;
  private startNs = 0;
  /** What it has had of its slice in earlier turns. */
  private usedNs = 0;
  private minVruntimeNs = 0;

  constructor(softirqs: Softirqs, clock: Clock) {
    this.clock = clock;
    this.ksoftirqd = new Ksoftirqd(softirqs);
    this.entities = [new Entity(this.ksoftirqd)];
  }

  add(task: Task): void {
    this.enter(new Entity(task));
  }

  /** try_to_wake_up, for one that stands in the queue only while it is awake: who sleeps costs no look. */
  enter(entity: Entity): void {
    if (entity.queued) return;
    entity.queued = true;
    this.entities.push(entity);
  }

  /** It sleeps. May be called in its turn. */
  leave(entity: Entity): void {
    entity.queued = false;
    entity.runnable = false;
    this.entities.splice(this.entities.indexOf(entity), 1);
  }

  /** One turn of whoever is next. @returns 0 when all sleep */
  run(): number {
    if (this.isAlone) return this.ksoftirqd.isRunnable() ? this.ksoftirqd.run() : 0;
    const entity = this.pick();
    return entity === null ? 0 : this.turn(entity);
  }

  /** cond_resched in the middle of a turn: who is ahead has turns, on its stack, until it, or another in the middle, is next. */
  condResched(): void {
    const me = this.running ? this.current : null;
    if (me === null) {
      if (this.ksoftirqd.isRunnable()) this.ksoftirqd.run();
      return;
    }
    this.endTurn(me);
    me.inTurn = true;
    for (let next = this.pick(); next !== null && !next.inTurn; next = this.pick()) this.turn(next);
    me.inTurn = false;
    this.current = me;
    this.usedNs = 0;
    this.startNs = this.clock.nowNs;
    this.running = true;
  }

  /** need_resched: the current one has had its slice, and another waits. */
  needResched(): boolean {
    if (this.isAlone) return false;
    const usedNs = this.usedNs + (this.running ? this.clock.nowNs - this.startNs : 0);
    if (this.current !== null && usedNs < SLICE_NS) return false;
    return this.entities.some((entity) => entity !== this.current && entity.task.isRunnable(this.clock.nowNs));
  }

  /** prepare_to_wait, of all. */
  prepareToWait(): void {
    if (!this.isAlone) for (const { task } of this.entities) task.prepareToWait();
  }

  isRunnable(): boolean {
    if (this.isAlone) return this.ksoftirqd.isRunnable();
    this.clock.tick();
    return this.entities.some(({ task }) => task.isRunnable(this.clock.nowNs));
  }

  /** When somebody will be runnable by itself. */
  nextNs(): number {
    return this.isAlone ? Number.POSITIVE_INFINITY : Math.min(...this.entities.map(({ task }) => task.nextNs()));
  }

  /** Without tasks nothing is measured. */
  private get isAlone(): boolean {
    return this.entities.length === 1;
  }

  private turn(entity: Entity): number {
    this.startNs = this.clock.nowNs;
    this.running = true;
    const work = entity.task.run(this.startNs + TURN_NS);
    this.endTurn(entity);
    return Math.max(1, work);
  }

  private endTurn(entity: Entity): void {
    this.running = false;
    this.clock.tick();
    this.charge(entity, Math.max(CHARGE_NS_MIN, this.clock.nowNs - this.startNs));
  }

  private pick(): Entity | null {
    this.clock.tick();
    let next: Entity | null = null;
    for (const entity of this.entities) {
      this.look(entity);
      if (entity.runnable && (next === null || entity.vruntimeNs < next.vruntimeNs)) next = entity;
    }
    if (next !== null) this.minVruntimeNs = Math.max(this.minVruntimeNs, next.vruntimeNs);
    if (this.current?.runnable === true && this.usedNs < SLICE_NS) return this.current;
    this.current = next;
    this.usedNs = 0;
    return next;
  }

  private look(entity: Entity): void {
    const runnable = entity.task.isRunnable(this.clock.nowNs);
    if (runnable && !entity.runnable) entity.vruntimeNs = Math.max(entity.vruntimeNs, this.minVruntimeNs);
    entity.runnable = runnable;
  }

  private charge(entity: Entity, ns: number): void {
    this.usedNs += ns;
    entity.vruntimeNs += (ns * NICE_0_WEIGHT) / entity.task.weight;
  }
}

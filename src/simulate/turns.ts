// Cold. Runs on: main.
// Time of the deterministic machine, and who has the next turn.

import type { VirtualClock } from '../runtime/clock.js';
import type { ControlOperation } from '../runtime/operation.js';
import { Random } from '../runtime/random.js';
import { assertTime, assertWhole } from './check.js';
import type { SimulatedCpu } from './cpu.js';
import type { Execution, Executions } from './execution.js';
import type { Hotplug } from './hotplug.js';

/** Turns that a machine gets to come to rest, unless the caller says otherwise. */
const TURNS_MAX = 10_000;

export abstract class Turns {
  abstract readonly cpus: readonly SimulatedCpu[];
  /** @internal */
  abstract readonly hotplug: Hotplug;
  /** @internal */
  abstract readonly executions: Executions<{ readonly execution: Execution; readonly core: SimulatedCpu['core'] }>;
  /** @internal */
  readonly clock: VirtualClock;
  private readonly random: Random;
  private readonly turnNs: readonly number[];

  /** @internal */
  constructor(clock: VirtualClock, seed: number, turnNs: readonly number[]) {
    this.clock = clock;
    this.random = new Random(seed);
    this.turnNs = turnNs;
  }

  // ── time ──

  /** An int32 that wraps, 0 when the machine is made. Setting it, also inside a poll, moves the clock to that jiffy's first ns. */
  get jiffies(): number {
    return this.clock.jiffies;
  }

  /** @throws RangeError when it is no integer */
  set jiffies(jiffies: number) {
    assertWhole('jiffies', jiffies, Number.MIN_SAFE_INTEGER);
    this.clock.nowNs = (jiffies * 1e9) / this.clock.hz;
    this.clock.advance(0);
  }

  /** ns since the machine was made. */
  get nowNs(): number {
    return this.clock.nowNs;
  }

  /** `ns` pass, also inside a poll, and nobody does anything: a timer that is due expires at its CPU's next delivery point. */
  advance(ns: number): void {
    assertTime('advance', ns);
    this.clock.advance(ns);
  }

  // ── turns ──

  /**
   * Gives one of the CPUs that are ready a turn, and lets a turn's time pass; the seed says which and how long. When none is ready, time
   * passes until a timer is due or a task's sleep is over. @returns false when nothing will ever move by itself
   */
  turn(): boolean {
    this.hotplug.sweep();
    const ready = this.cpus.filter((cpu) => cpu.isReady);
    if (ready.length === 0) return this.sleep();
    ready[this.random.below(ready.length)]!.turn();
    this.advance(this.turnNs[this.random.below(this.turnNs.length)]!);
    return true;
  }

  /** Nobody has anything to do: time passes until somebody has. @returns false when nobody ever will */
  private sleep(): boolean {
    const next = this.nextNs();
    if (next === Number.POSITIVE_INFINITY) return false;
    this.advance(Math.ceil(next - this.nowNs));
    return true;
  }

  private nextNs(): number {
    return Math.min(...this.cpus.map((cpu) => cpu.nextNs()));
  }

  /** Turns until nothing moves any more. @returns how many @throws Error naming the CPUs that are busy still after `turnsMax` */
  run(turnsMax = TURNS_MAX): number {
    for (let turns = 0; turns < turnsMax; turns += 1) if (!this.turn()) return turns;
    throw new Error(`no rest after ${turnsMax} turns: ${this.busy()} still busy`);
  }

  /** Turns for `ns`: who is ready has them first, then time passes, from timer to timer. With a turnNs of 0 alone, who is always busy
   * lets no time pass. @throws Error naming the CPUs that are busy, when so many turns bring no end */
  runFor(ns: number): void {
    assertTime('runFor', ns);
    const end = this.nowNs + ns;
    for (let turns = 0; turns < TURNS_MAX && this.nowNs <= end; turns += 1) {
      const ready = this.cpus.some((cpu) => cpu.isReady);
      if (!ready && this.nextNs() > end) {
        this.advance(Math.max(0, end - this.nowNs));
        return;
      }
      this.turn();
    }
    if (this.nowNs <= end) throw new Error(`no rest after ${TURNS_MAX} turns in ${ns} ns: ${this.busy()} still busy`);
  }

  private busy(): string {
    const busy = this.cpus.filter(({ isReady }) => isReady).map(({ id }) => `cpu${id}`);
    return busy.join(', ') || 'tasks that sleep and wake are';
  }

  /** @internal Turns until it is complete. @throws what it throws, and Error when it never will be */
  wait(operation: ControlOperation): void {
    if (this.executions.current?.core.softirqs.preempt.inInterrupt) {
      throw operation.stuck('it sleeps, and this is no process context');
    }
    operation.begin();
    for (let turns = 0; !operation.step(); turns += 1) {
      if (turns === TURNS_MAX) throw operation.stuck(`not within ${TURNS_MAX} turns`);
      if (!this.turn() && !operation.step()) throw operation.stuck('nothing moves any more');
    }
  }
}

// Cold. Runs on: whoever holds the turn.
// Ends a step and decides who makes the next one: as the plan says, and after the plan without any preemption.
// The deciding is done by the thread that has just stepped, so that a thread that goes on costs no hand-over.

import { ABANDON, type Control } from './control.js';
import type { Snapshots } from './snapshots.js';
import { FINISHED, RUNNABLE, SPINNING, type Threads } from './threads.js';
import { type Op, writeDecision, writeStep, writeTimedOut, writeValues } from './trace.js';
import { awaitTurn, hand } from './turns.js';

/** Thrown through the bodies of a schedule that has ended early. */
export const ABANDONED = Symbol('abandoned');

export interface Rules {
  readonly timeouts: boolean;
  /** The scenario's invariant after each step. */
  always(): string | null;
}

export class Scheduler {
  readonly threads: Threads;
  private readonly control: Control;
  private readonly me: number;
  private readonly snapshots: Snapshots;
  private readonly rules: Rules;

  constructor(control: Control, me: number, threads: Threads, snapshots: Snapshots, rules: Rules) {
    this.control = control;
    this.me = me;
    this.threads = threads;
    this.snapshots = snapshots;
    this.rules = rules;
  }

  get abandoned(): boolean {
    return this.control.command === ABANDON;
  }

  /** Main: lets the first thread run. */
  start(): void {
    this.threads.finish(this.me);
    hand(this.control, this.choose());
  }

  /** Returns when it is this thread's turn again. */
  endStep(op: Op, address = 0, value = 0, expected = 0, result = 0): void {
    const next = this.record(op, address, value, expected, result);
    if (next === this.me) return;
    hand(this.control, next);
    awaitTurn(this.control, this.me);
    if (this.abandoned) throw ABANDONED;
  }

  /** True when the wait timed out. */
  sleep(address: number, value: number, finite: boolean): boolean {
    const mayTimeOut = finite && this.rules.timeouts;
    this.threads.sleep(this.me, address, mayTimeOut);
    if (mayTimeOut) this.snapshots.take(this.me);
    this.endStep('wait', address, value);
    return this.threads.timedOut(this.me);
  }

  spin(): void {
    this.threads.spin(this.me);
    this.snapshots.take(this.me);
    this.endStep('spin');
  }

  /** The body has returned. */
  finish(): void {
    this.threads.finish(this.me);
    hand(this.control, this.record('end'));
  }

  /** The body has thrown. */
  fail(message: string): void {
    this.threads.finish(this.me);
    this.record('threw');
    this.control.end('threw', message);
    hand(this.control, this.control.main);
  }

  private record(op: Op, address = 0, value = 0, expected = 0, result = 0): number {
    const { control } = this;
    const step = control.steps;
    writeStep(control.memory, step, this.me, op, address);
    writeValues(control.memory, step, value, expected, result);
    control.steps = step + 1;
    const broken = this.rules.always();
    if (broken !== null) return this.stop('broken', broken);
    if (step + 1 === control.memory.stepLimit) return this.stop('livelock');
    return this.choose();
  }

  private choose(): number {
    const { control, threads } = this;
    const step = control.steps;
    const free = threads.status(this.me) !== RUNNABLE;
    const choices = this.choices();
    writeDecision(control.memory, step, choices, free);
    if (choices === 0) return this.stop(this.allFinished() ? 'done' : 'stuck');
    const next = step < control.planned ? control.memory.plan[step]! : this.usual(choices);
    if ((choices & (1 << next)) === 0) return this.stop('unrepeatable', `step=${step} thread=${next} cannot go on`);
    if (threads.resume(next)) writeTimedOut(control.memory, step);
    return next;
  }

  private stop(verdict: 'done' | 'stuck' | 'livelock' | 'broken' | 'unrepeatable', message = ''): number {
    this.control.end(verdict, message);
    return this.control.main;
  }

  /** Without a plan: the same thread while it can, then the first that can, a sleeper that times out last. */
  private usual(choices: number): number {
    if (this.threads.status(this.me) === RUNNABLE) return this.me;
    for (let thread = 0; thread < this.threads.count; thread++) {
      if ((choices & (1 << thread)) !== 0 && !this.threads.mayTimeOut(thread)) return thread;
    }
    return 31 - Math.clz32(choices & -choices);
  }

  private choices(): number {
    let choices = 0;
    for (let thread = 0; thread < this.threads.count; thread++) {
      if (this.canGoOn(thread)) choices |= 1 << thread;
    }
    return choices === 0 ? this.lastResort() : choices;
  }

  private canGoOn(thread: number): boolean {
    const { threads, snapshots } = this;
    const status = threads.status(thread);
    if (status === RUNNABLE) return true;
    if (status === SPINNING || threads.mayTimeOutAgain(thread)) return snapshots.changedSince(thread);
    return threads.mayTimeOut(thread);
  }

  /** Only threads are left that wait for a change: they take turns, without a choice, until one changes something. */
  private lastResort(): number {
    const { threads } = this;
    const next = threads.earliest((thread) => threads.status(thread) === SPINNING || threads.mayTimeOut(thread));
    return next < 0 ? 0 : 1 << next;
  }

  private allFinished(): boolean {
    for (let thread = 0; thread < this.threads.count; thread++) {
      if (this.threads.status(thread) !== FINISHED) return false;
    }
    return true;
  }
}

// Cold. Runs on: whoever holds the turn.
// Ends a step and decides who makes the next one: as the plan says, and behind the plan as the mode says.
// The deciding is done by the thread that has just stepped, so that a thread that goes on costs no hand-over.

import { Choices } from './choices.js';
import { ABANDON, type Control, SEARCH, type Verdict } from './control.js';
import type { Exits } from './exits.js';
import type { Snapshots } from './snapshots.js';
import type { States } from './states.js';
import { FINISHED, RUNNABLE, type Threads } from './threads.js';
import { ENDS, GO_ON, type Op, writeDecision, writeStep, writeTaken, writeTimedOut, writeValues } from './trace.js';
import { awaitTurn, hand } from './turns.js';

/** Thrown through the bodies of a schedule that is over for them. */
export const ABANDONED = Symbol('abandoned');

export interface Rules {
  readonly timeouts: boolean;
  /** The scenario's invariant after each step. */
  always(): string | null;
  readonly exits: Exits;
  /** Null: every schedule is followed to its end. */
  readonly states: States | null;
}

export class Scheduler {
  readonly threads: Threads;
  private readonly control: Control;
  private readonly me: number;
  private readonly snapshots: Snapshots;
  private readonly rules: Rules;
  private readonly choices: Choices;
  private plain = false;

  constructor(control: Control, me: number, threads: Threads, snapshots: Snapshots, rules: Rules) {
    this.control = control;
    this.me = me;
    this.threads = threads;
    this.snapshots = snapshots;
    this.rules = rules;
    this.choices = new Choices(control, me, threads, snapshots);
  }

  get abandoned(): boolean {
    return this.control.command === ABANDON;
  }

  /** Made so far in this schedule. */
  get steps(): number {
    return this.control.steps;
  }

  /** Main: lets the first thread run. */
  start(): void {
    this.threads.finish(this.me);
    hand(this.control, this.choose());
  }

  /** Returns when it is this thread's turn again. */
  endStep(op: Op, address = 0, value = 0, expected = 0, result = 0): void {
    const next = this.record(op, address, value, expected, result);
    if (next !== this.me) this.leaveTo(next);
  }

  /** True when the wait timed out. */
  sleep(address: number, value: number, finite: boolean): boolean {
    const mayTimeOut = finite && this.rules.timeouts;
    this.threads.sleep(this.me, address, mayTimeOut);
    if (mayTimeOut) this.takeSnapshot();
    this.endStep('wait', address, value);
    return this.threads.timedOut(this.me);
  }

  /** The step that is being made touches plain words that others may race with, or look at. */
  mark(): void {
    this.plain = true;
  }

  spin(): void {
    this.threads.spin(this.me);
    this.takeSnapshot();
    this.endStep('spin');
  }

  private takeSnapshot(): void {
    this.snapshots.take(this.me);
    this.rules.states?.rest();
  }

  /** Ends the schedule in the midst of a step. */
  condemn(verdict: 'race', message: string): never {
    this.control.end(verdict, message);
    this.leaveTo(this.control.main);
    throw ABANDONED;
  }

  /** The body has returned. */
  finish(): void {
    this.threads.finish(this.me);
    this.rules.exits.tell(this.me);
    hand(this.control, this.record('end'));
  }

  /** The body has thrown. */
  fail(message: string): void {
    this.threads.finish(this.me);
    this.record('threw');
    this.control.end('threw', message);
    hand(this.control, this.control.main);
  }

  private leaveTo(next: number): void {
    hand(this.control, next);
    awaitTurn(this.control, this.me);
    if (this.abandoned) throw ABANDONED;
  }

  private record(op: Op, address = 0, value = 0, expected = 0, result = 0): number {
    const { memory } = this.control;
    const step = this.control.steps;
    writeStep(memory, step, op, address, this.plain);
    this.plain = false;
    writeValues(memory, step, value, expected, result);
    this.threads.stepped(this.me);
    this.rules.states?.stepped();
    this.control.steps = step + 1;
    const broken = this.rules.always();
    if (broken !== null) return this.stop('broken', broken);
    return this.choose();
  }

  /** Some threads may end here; then one goes on. */
  private choose(): number {
    for (let ended = false; ; ended = true) {
      const step = this.control.steps;
      if (step === this.control.memory.stepLimit) return this.stop('livelock');
      const next = this.decide(step, ended);
      if (next < ENDS) return next;
      this.threads.end(next - ENDS); // It holds no turn, and gets none before the schedule is over.
      this.rules.exits.tell(next - ENDS);
      writeStep(this.control.memory, step, 'killed');
      this.control.steps = step + 1;
    }
  }

  private decide(step: number, ended: boolean): number {
    const { control, threads } = this;
    const all = this.choices.all();
    if ((all & GO_ON) === 0) return this.stop(this.allFinished() ? 'done' : 'stuck');
    if (step >= control.planned && control.mode === SEARCH && this.rules.states?.meet()) return this.stop('met');
    const usual = this.choices.usual(all);
    writeDecision(control.memory, step, all, threads.status(this.me) !== RUNNABLE, usual);
    const next = this.choices.take(step, all, usual, ended);
    if (!this.choices.possible(next, all))
      return this.stop('unrepeatable', `step=${step} choice=${next} is not possible`);
    writeTaken(control.memory, step, next);
    if (next >= ENDS) return next;
    control.fresh = 0;
    if (threads.resume(next)) writeTimedOut(control.memory, step);
    return next;
  }

  private stop(verdict: Verdict, message = ''): number {
    this.control.end(verdict, message);
    return this.control.main;
  }

  private allFinished(): boolean {
    for (let thread = 0; thread < this.threads.count; thread++) {
      if (this.threads.status(thread) !== FINISHED) return false;
    }
    return true;
  }
}

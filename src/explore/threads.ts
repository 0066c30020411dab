// Cold. Runs on: whoever holds the turn.
// What each stepped thread is doing: running, asleep in a virtual wait, spinning, or finished; and who may be woken by whom.
//
// who              from → to             why
// the thread       runnable → asleep     Atomics.wait found the value it expected
// a notifier       asleep → runnable     'ok', in the order in which they fell asleep
// the scheduler    asleep → runnable     'timed-out', where the scenario asks for timeouts and the wait was finite
// the thread       runnable → spinning   spin()
// the scheduler    spinning → runnable   another thread has changed the memory since, or nobody else can go on
// the thread       runnable → finished   its body returned or threw
// the scheduler    any → finished        the thread ends here, by a choice, as if it were terminated
// never            finished → anything   until the next schedule

import { type Control, recordWord } from './control.js';

const STATUS = 0;
const ADDRESS = 1; // asleep: on this byte address
const TICKET = 2; // asleep or spinning: since when, in the order of all rests
const TIMEOUT = 3; // NEVER, MAY, or DID: how the thread's last wait may end or ended
const OWN_STEPS = 4; // made by this thread in this schedule

export const RUNNABLE = 0;
export const ASLEEP = 1;
export const SPINNING = 2;
export const FINISHED = 3;

const NEVER = 0;
const MAY = 1;
const MAY_AGAIN = 2; // the wait before timed out too
const DID = 3;

export class Threads {
  private readonly control: Control;
  private readonly records: Int32Array;

  constructor(control: Control) {
    this.control = control;
    this.records = control.memory.records;
  }

  get count(): number {
    return this.control.memory.threads;
  }

  status(thread: number): number {
    return this.records[recordWord(thread) + STATUS]!;
  }

  /** The byte address that an asleep thread waits on. */
  address(thread: number): number {
    return this.records[recordWord(thread) + ADDRESS]!;
  }

  ticket(thread: number): number {
    return this.records[recordWord(thread) + TICKET]!;
  }

  mayTimeOut(thread: number): boolean {
    const timeout = this.records[recordWord(thread) + TIMEOUT];
    return this.status(thread) === ASLEEP && (timeout === MAY || timeout === MAY_AGAIN);
  }

  /** A thread that sleeps again after a time-out learns nothing from another until the memory has changed. */
  mayTimeOutAgain(thread: number): boolean {
    return this.mayTimeOut(thread) && this.records[recordWord(thread) + TIMEOUT] === MAY_AGAIN;
  }

  timedOut(thread: number): boolean {
    return this.records[recordWord(thread) + TIMEOUT] === DID;
  }

  sleep(thread: number, address: number, finite: boolean): void {
    const record = recordWord(thread);
    const again = this.records[record + TIMEOUT] === DID;
    this.records[record + ADDRESS] = address;
    this.records[record + TIMEOUT] = finite ? (again ? MAY_AGAIN : MAY) : NEVER;
    this.rest(thread, ASLEEP);
  }

  spin(thread: number): void {
    this.rest(thread, SPINNING);
  }

  finish(thread: number): void {
    this.records[recordWord(thread) + STATUS] = FINISHED;
  }

  /** What it is doing, and which of those at rest it is: all that decides when it goes on, but for what it has seen. */
  standing(thread: number): number {
    const status = this.status(thread);
    let before = 0;
    for (let other = 0; other < this.count && (status === ASLEEP || status === SPINNING); other++) {
      const rests = this.status(other) === ASLEEP || this.status(other) === SPINNING;
      if (rests && this.ticket(other) < this.ticket(thread)) before++;
    }
    return (before * 4 + this.records[recordWord(thread) + TIMEOUT]!) * 4 + status;
  }

  ownSteps(thread: number): number {
    return this.records[recordWord(thread) + OWN_STEPS]!;
  }

  stepped(thread: number): void {
    this.records[recordWord(thread) + OWN_STEPS]!++;
    this.control.fresh |= 1 << thread;
  }

  /** The scheduler's choice ends, now and between two steps. */
  end(thread: number): void {
    this.control.endThread(thread);
    this.finish(thread);
  }

  /** The scheduler's choice goes on. True when that means that its wait timed out. */
  resume(thread: number): boolean {
    const record = recordWord(thread);
    const timesOut = this.status(thread) === ASLEEP;
    if (timesOut) this.records[record + TIMEOUT] = DID;
    this.records[record + STATUS] = RUNNABLE;
    return timesOut;
  }

  /** Atomics.notify: wakes the first `count` that sleep on `address`, and says how many those were. */
  wake(address: number, count: number): number {
    let woken = 0;
    for (; woken < count; woken++) {
      const sleeper = this.earliest((thread) => this.status(thread) === ASLEEP && this.address(thread) === address);
      if (sleeper < 0) break;
      this.records[recordWord(sleeper) + TIMEOUT] = NEVER;
      this.records[recordWord(sleeper) + STATUS] = RUNNABLE;
      this.control.fresh |= 1 << sleeper;
    }
    return woken;
  }

  /** Of the threads that `accept` takes, the one that has rested longest, or -1. */
  earliest(accept: (thread: number) => boolean): number {
    let first = -1;
    for (let thread = 0; thread < this.count; thread++) {
      if (accept(thread) && (first < 0 || this.ticket(thread) < this.ticket(first))) first = thread;
    }
    return first;
  }

  private rest(thread: number, status: number): void {
    this.records[recordWord(thread) + TICKET] = this.control.nextTicket();
    this.records[recordWord(thread) + STATUS] = status;
  }
}

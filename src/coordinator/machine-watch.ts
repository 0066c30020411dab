// Cold. Runs on: main.
// Looks at a running machine from time to time: is the source's time up, has it run dry, has all been drained; is a CPU locked up, or
// has an attached thread died? And main's own duty for CPUs that are gone (cpus.ts: sweep).
//
//   begin()      the threads have met
//   endSource()  from here on it is draining, and looked at often: perhaps before begin()
//   stop()       for ever

import { type ContextWords, END_SOURCE } from '../memory/context.js';
import { readNic } from '../nic/nic.js';
import type { Attachments } from './attachments.js';
import type { Cpus } from './cpus.js';
import { Drain } from './drain.js';
import type { RoleError } from './errors.js';
import { Lockups } from './lockups.js';
import type { Machine } from './machine.js';
import type { Plan } from './plan.js';

/** Idle costs nothing: main looks seldom while traffic runs, and often once it is over. */
const WATCH_MS = 100;
const WATCH_DRAIN_MS = 5;

/** What is watched. */
export interface WatchParts {
  readonly machine: Machine;
  readonly plan: Plan;
  readonly nic: ContextWords;
  /** Of the CPUs. */
  readonly contexts: readonly ContextWords[];
  readonly lockupSeconds: number;
  readonly attachments: Attachments;
  readonly cpus: Cpus;
}

/** Who is told. */
export interface WatchEvents {
  /** An attached thread has died within a call. */
  died(error: RoleError): void;
  /** The CPU's thread stands still. Told at each look. */
  lockedUp(cpu: number): void;
  /** The source has ended, and nothing is in flight any more, or nothing has moved for a second. */
  drained(): void;
}

export class MachineWatch {
  /** The source has been asked to end. */
  draining = false;
  private readonly parts: WatchParts;
  private readonly events: WatchEvents;
  private readonly drain: Drain;
  private readonly lockups: Lockups;
  private timer: NodeJS.Timeout | null = null;
  private stopped = false;
  private deadlineMs = Number.POSITIVE_INFINITY;

  constructor(parts: WatchParts, events: WatchEvents) {
    this.parts = parts;
    this.events = events;
    this.drain = new Drain(parts.machine.views, parts.plan);
    this.lockups = new Lockups(parts.contexts, parts.lockupSeconds, 2 * WATCH_MS);
  }

  /** @param durationSeconds after which the source ends; null: as long as it has frames */
  begin(durationSeconds: number | null): void {
    if (durationSeconds !== null) this.deadlineMs = performance.now() + durationSeconds * 1000;
    if (!this.stopped) this.lookLater();
  }

  /** The source offers no further frame; what is in flight is drained. */
  endSource(): void {
    if (this.draining || this.stopped) return;
    this.draining = true;
    this.drain.begin(performance.now());
    this.parts.nic.ask(END_SOURCE);
    if (this.timer !== null) this.lookLater();
  }

  stop(): void {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private lookLater(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    const left = this.deadlineMs - performance.now();
    const ms = this.draining ? WATCH_DRAIN_MS : Math.max(0, Math.min(WATCH_MS, left));
    this.timer = setTimeout(() => this.look(), ms);
  }

  private look(): void {
    const { attachments, cpus } = this.parts;
    const dead = attachments.dead();
    if (dead !== null) {
      this.events.died(dead);
      return;
    }
    attachments.bury();
    const now = performance.now();
    for (const cpu of this.lockups.look(now)) this.events.lockedUp(cpu);
    cpus.sweep();
    if (this.stopped) return;
    if (this.draining && (this.drain.drained() || this.drain.stalled(now))) {
      this.events.drained();
      return;
    }
    if (!this.draining && (now >= this.deadlineMs || this.ranDry())) this.endSource();
    this.lookLater();
  }

  private ranDry(): boolean {
    const { machine, plan } = this.parts;
    return readNic(machine.views, plan.nic.state).ended;
  }
}

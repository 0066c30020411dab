// Cold. Runs on: main.
// The CPUs of a running machine: which are online, what happens when one is lost, and the operations that take one offline and
// bring it online (cpu_device_down, cpu_device_up).
//
// state              who        → to         why
// online             offline()  → leaving    its lines go elsewhere, and it is asked to leave its loop
// leaving            thread     → offline    it has left: what it held is taken over
// leaving            offline()  → lost       it did not leave in time and was ended: the same, but for the burst in its hand
// any that has one   thread     → lost       it died, or was locked up and was ended: the same
// offline, lost      online()   → starting   what is its alone is made anew, and a fresh thread starts
// starting           thread     → online     its loop runs: lines can be moved to it
// never              last online → leaving   nobody would poll
// In interrupt mode its lines go last (backlog-heirs.ts).
//
// Whoever looked up a line's target before it moved may hand an instance, or a timer, to a CPU that is offline: sweep() finds it.

import type { ContextWords } from '../memory/context.js';
import { GracePeriod } from '../memory/grace.js';
import { ErrnoError } from '../runtime/errno.js';
import type { ControlOperation } from '../runtime/operation.js';
import type { CpuRemains } from './cpu-remains.js';
import { RoleError } from './errors.js';
import type { Roles } from './roles.js';

export type CpuState = 'online' | 'leaving' | 'offline' | 'lost' | 'starting';

/** How long a CPU has to leave its loop before it is ended. */
const LEAVE_MS = 2000;
const NOT_LEFT = `it did not leave its loop within ${LEAVE_MS} ms and was ended`;

export class Cpus {
  /** How many CPUs were lost; one that came back may be lost again. */
  accidents = 0;
  private readonly states: CpuState[];
  private readonly causes = new Map<number, unknown>();
  private readonly dead: CpuRemains;

  constructor(count: number, dead: CpuRemains) {
    this.states = Array.from({ length: count }, () => 'online');
    this.dead = dead;
  }

  stateOf(cpu: number): CpuState {
    return this.states[cpu]!;
  }

  /** By number. */
  get online(): number[] {
    return [...this.states.keys()].filter((cpu) => this.states[cpu] === 'online');
  }

  /** @throws ErrnoError EINVAL */
  demand(states: readonly CpuState[], call: string, cpu: number): void {
    const state = this.stateOf(cpu);
    if (states.includes(state)) return;
    throw new ErrnoError('EINVAL', `${call}: cpu=${cpu}`, `it must be ${states.join(' or ')}, and is ${state}`);
  }

  /** What has become of a CPU whose thread runs no more. */
  causeOf(cpu: number): unknown {
    return this.causes.get(cpu);
  }

  /** Its thread has died, and the machine goes on without it, if there is another. @returns false when there is none */
  lose(cpu: number, cause: unknown): boolean {
    this.states[cpu] = 'lost';
    this.causes.set(cpu, cause);
    this.accidents += 1;
    const { online } = this;
    if (online.length > 0) this.dead.takeOver(cpu, online, true);
    return online.length > 0;
  }

  /** A step of an operation. */
  set(cpu: number, state: CpuState): void {
    this.states[cpu] = state;
  }

  /** Every now and then: what was handed to a CPU that has no thread is taken over. */
  sweep(): void {
    const { online } = this;
    if (online.length === 0 || online.length === this.states.length) return;
    for (const [cpu, state] of this.states.entries()) {
      if ((state === 'offline' || state === 'lost') && this.dead.holds(cpu)) this.dead.takeOver(cpu, online, false);
    }
  }
}

/** What both operations need. */
export interface HotplugNeeds {
  readonly cpus: Cpus;
  readonly dead: CpuRemains;
  readonly roles: Pick<Roles, 'ask' | 'end' | 'isUp' | 'runsNow'>;
  /** Of all threads that may hand something to a CPU. */
  readonly contexts: readonly ContextWords[];
  /** A fresh thread for a CPU that has none. */
  readonly start: (cpu: number) => void;
  /** Of any clock that goes on by itself. */
  readonly nowMs: () => number;
}

/** Complete when the thread has ended, and others have all that it held. */
export class OfflineCpu implements ControlOperation {
  private readonly needs: HotplugNeeds;
  private readonly cpu: number;
  private readonly role: string;
  private askedAtMs = 0;
  private forced = false;
  private grace: GracePeriod | null = null;

  constructor(needs: HotplugNeeds, cpu: number) {
    this.needs = needs;
    this.cpu = cpu;
    this.role = `cpu${cpu}`;
  }

  /** @throws ErrnoError EINVAL: it is not online · EBUSY: it is the last one */
  begin(): void {
    const { cpu } = this;
    const { cpus, dead, roles, nowMs } = this.needs;
    cpus.demand(['online'], 'cpu_down', cpu);
    const heirs = cpus.online.filter((other) => other !== cpu);
    if (heirs.length === 0) throw new ErrnoError('EBUSY', `cpu_down: cpu=${cpu}`, 'it is the last one that is online');
    cpus.set(cpu, 'leaving');
    dead.prepareLeave(cpu, heirs);
    roles.ask(this.role);
    this.askedAtMs = nowMs();
  }

  step(): boolean {
    const { cpus, dead, roles, contexts, nowMs } = this.needs;
    if (roles.isUp(this.role)) {
      if (nowMs() - this.askedAtMs > LEAVE_MS) this.force();
      return false;
    }
    if (this.grace === null) {
      this.gone();
      this.grace = new GracePeriod(contexts);
    }
    if (!this.grace.over()) return false;
    if (!dead.holds(this.cpu)) return true;
    cpus.sweep();
    return false;
  }

  stuck(why: string): Error {
    const { cpu, grace } = this;
    const what = grace === null ? 'its thread does not end' : 'nobody takes over what it held';
    return new Error(`cpu_down: cpu=${cpu}: ${what}: ${why}`);
  }

  private force(): void {
    if (this.forced) return;
    this.forced = true;
    void this.needs.roles.end(this.role);
  }

  private gone(): void {
    const { cpu } = this;
    const { cpus, dead } = this.needs;
    if (cpus.stateOf(cpu) !== 'leaving') return; // It died on its way, and all is done.
    if (this.forced) cpus.lose(cpu, new Error(NOT_LEFT));
    else {
      cpus.set(cpu, 'offline');
      dead.takeOver(cpu, cpus.online, false);
    }
  }
}

/** Complete when a fresh thread runs the CPU's loop. */
export class OnlineCpu implements ControlOperation {
  private readonly needs: HotplugNeeds;
  private readonly cpu: number;
  private grace: GracePeriod | null = null;
  private started = false;

  constructor(needs: HotplugNeeds, cpu: number) {
    this.needs = needs;
    this.cpu = cpu;
  }

  /** @throws ErrnoError EINVAL: it is online */
  begin(): void {
    this.needs.cpus.demand(['offline', 'lost'], 'cpu_up', this.cpu);
    // Who looked up a line's target before the CPU was lost may be about to hand it something, which its fresh thread must not find.
    this.grace = new GracePeriod(this.needs.contexts);
  }

  /** @throws RoleError when the thread died before it ran its loop */
  step(): boolean {
    const { cpu } = this;
    const { cpus, dead, roles } = this.needs;
    if (!this.started) {
      if (this.grace?.over() !== true) return false;
      cpus.sweep();
      if (dead.holds(cpu)) return false;
      this.start();
    }
    const role = `cpu${cpu}`;
    if (!roles.isUp(role)) throw new RoleError(role, cpus.causeOf(cpu));
    if (!roles.runsNow(role)) return false;
    cpus.set(cpu, 'online');
    return true;
  }

  stuck(why: string): Error {
    const what = this.started
      ? 'its thread does not run its loop'
      : 'what it held, or may still be handed, is not taken over';
    return new Error(`cpu_up: cpu=${this.cpu}: ${what}: ${why}`);
  }

  private start(): void {
    const { cpus, dead, start } = this.needs;
    dead.prepare(this.cpu);
    start(this.cpu);
    cpus.set(this.cpu, 'starting');
    this.started = true;
  }
}

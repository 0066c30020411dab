// Cold. Runs on: main.
// CPUs of the deterministic machine that go, come and die: the coordinator's own operations, over threads that are none.

import type { CpuRemains } from '../coordinator/cpu-remains.js';
import { type CpuState, Cpus, type HotplugNeeds, OfflineCpu, OnlineCpu } from '../coordinator/cpus.js';
import { type ContextWords, STOP } from '../memory/context.js';
import { ErrnoError } from '../runtime/errno.js';
import type { ControlOperation } from '../runtime/operation.js';

/** What it needs of a CPU. */
export interface PluggedCpu {
  readonly id: number;
  readonly context: ContextWords;
  /** Its code is on the stack: it is in the middle of something. */
  readonly isActive: boolean;
  /** A fresh thread. */
  begin(): void;
  /** Its thread ends, wherever it is. */
  end(): void;
}

export class Hotplug {
  private readonly cpus: Cpus;
  private readonly plugged: readonly PluggedCpu[];
  private readonly up: Set<number>;
  private readonly needs: HotplugNeeds;

  constructor(plugged: readonly PluggedCpu[], remains: CpuRemains) {
    this.plugged = plugged;
    this.cpus = new Cpus(plugged.length, remains);
    this.up = new Set(plugged.keys());
    const start = (cpu: number) => {
      plugged[cpu]!.context.begin();
      this.up.add(cpu);
      plugged[cpu]!.begin();
    };
    const roles = {
      ask: (role: string) => this.cpuOf(role).context.ask(STOP),
      end: () => Promise.resolve(),
      isUp: (role: string) => this.up.has(this.cpuOf(role).id),
      runsNow: () => true,
    };
    // No grace period: on one thread nobody is between the look at a line's target and what it does next. No time either: a CPU that
    // cannot leave is what wait() tells.
    this.needs = { cpus: this.cpus, dead: remains, roles, contexts: [], start, nowMs: () => 0 };
    for (const { context } of plugged) context.begin();
  }

  stateOf(cpu: number): CpuState {
    return this.cpus.stateOf(cpu);
  }

  /** It has a thread. */
  isUp(cpu: number): boolean {
    return this.up.has(cpu);
  }

  /** It is to leave its loop, and would now. */
  isLeaving({ id, context, isActive }: PluggedCpu): boolean {
    return this.up.has(id) && !isActive && context.request() === STOP;
  }

  /** It is at the top of its loop, and looks at what it was asked first. @returns true when it has left */
  leave(cpu: PluggedCpu): boolean {
    if (!this.isLeaving(cpu)) return false;
    this.down(cpu);
    return true;
  }

  offline({ id }: PluggedCpu): ControlOperation {
    return new OfflineCpu(this.needs, id);
  }

  online({ id }: PluggedCpu): ControlOperation {
    return new OnlineCpu(this.needs, id);
  }

  /** @throws ErrnoError EINVAL: it has no thread · EBUSY: no other would be left */
  kill(cpu: PluggedCpu): void {
    const { cpus } = this;
    cpus.demand(['online', 'leaving'], 'cpu_kill', cpu.id);
    if (cpus.online.every((other) => other === cpu.id)) {
      throw new ErrnoError('EBUSY', `cpu_kill: cpu=${cpu.id}`, 'it is the last one that is online');
    }
    this.down(cpu);
    cpus.lose(cpu.id, new Error('killed'));
  }

  /** What is with a CPU that has no thread is taken over, also if whoever took it offline has died meanwhile. */
  sweep(): void {
    if (this.up.size === this.plugged.length) return;
    for (const cpu of this.plugged) if (this.hasLeft(cpu)) this.offline(cpu).step();
    this.cpus.sweep();
  }

  private hasLeft({ id }: PluggedCpu): boolean {
    return this.stateOf(id) === 'leaving' && !this.up.has(id);
  }

  private down(cpu: PluggedCpu): void {
    cpu.end();
    cpu.context.end();
    this.up.delete(cpu.id);
  }

  private cpuOf(role: string): PluggedCpu {
    return this.plugged[Number(role.slice('cpu'.length))]!;
  }
}

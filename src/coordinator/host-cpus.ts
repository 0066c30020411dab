// Cold. Runs on: main.
// A running machine's CPUs, as its user sees them: looked at, taken offline and brought online while traffic runs.

import type { InspectOptionsStylized } from 'node:util';
import type { ControlOperation } from '../runtime/operation.js';
import { INSPECT, shown } from '../runtime/shown.js';
import { type CpuState, type HotplugNeeds, OfflineCpu, OnlineCpu } from './cpus.js';

/** `host.cpu(n)`. */
export interface HostCpu {
  readonly id: number;
  /** `leaving` and `starting` are on their way; `lost`: its thread died, or was locked up and was ended. */
  readonly state: CpuState;
  /**
   * Takes it offline (echo 0 > /sys/devices/system/cpu/cpuN/online): its lines go to the other CPUs, its thread ends, and others
   * take over its NAPI instances and timers. Nothing is lost. The application's tasks on it end. Resolves when all is done. A
   * thread that has not left its loop after 2 s is ended as if it had died, and the burst in its hand is counted in `lostWithCpu`.
   * In interrupt mode one CPU gets all its lines and what waits in its backlog, as far as there is room in its own; the rest is
   * dropped there.
   * @throws ErrnoError EBUSY: it is the last one · EINVAL: it is not online
   */
  offline(): Promise<void>;
  /**
   * Starts a fresh thread for it. Its counters go on; tasks begin anew. Its lines do not come back by themselves, as in Linux:
   * moveLine() brings them; in interrupt mode, when another CPU goes offline. Resolves when it runs.
   * @throws ErrnoError EINVAL: it is neither offline nor lost; RoleError: its thread died before it ran
   */
  online(): Promise<void>;
}

export class RunningCpu implements HostCpu {
  readonly id: number;
  private readonly needs: HotplugNeeds;
  private readonly run: (operation: ControlOperation) => Promise<void>;
  private readonly runs: () => void;

  /**
   * @param run carries an operation out, one at a time
   * @param runs called when it is online again
   */
  constructor(id: number, needs: HotplugNeeds, run: (operation: ControlOperation) => Promise<void>, runs: () => void) {
    this.id = id;
    this.needs = needs;
    this.run = run;
    this.runs = runs;
  }

  get state(): CpuState {
    return this.needs.cpus.stateOf(this.id);
  }

  async offline(): Promise<void> {
    await this.run(new OfflineCpu(this.needs, this.id));
  }

  async online(): Promise<void> {
    await this.run(new OnlineCpu(this.needs, this.id));
    if (this.state === 'online') this.runs();
  }

  toJSON(): Pick<HostCpu, 'id' | 'state'> {
    return { id: this.id, state: this.state };
  }

  [INSPECT](depth: number | null, options: InspectOptionsStylized): string {
    return shown('HostCpu', this.toJSON(), depth, options);
  }
}

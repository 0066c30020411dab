// Cold. Runs on: main.
// An interrupt line of the deterministic machine, in a test's hands.

import type { IrqLine } from '../irq/line.js';
import { ErrnoError } from '../runtime/errno.js';
import { assertWhole } from './check.js';

/** What a line needs of its machine. */
export interface LineWorld {
  readonly cpus: readonly { readonly isOnline: boolean }[];
}

/** A device's interrupt line. Nothing of it says on which CPU: a device raises it, and its driver's poll unmasks it. */
export class SimulatedLine {
  readonly name: string;
  private readonly world: LineWorld;
  private readonly line: IrqLine;

  /** @internal */
  constructor(world: LineWorld, line: IrqLine, name: string) {
    this.world = world;
    this.line = line;
    this.name = name;
  }

  /** Its number: `irq=` in the trace. */
  get id(): number {
    return this.line.id;
  }

  /**
   * The device's event. Its CPU runs the handler at its next delivery point (turn(), or between two polls), and a line that is not
   * `level` is masked then. Masked already: `latch` remembers the event, once; `nolatch` does not.
   */
  raise(): void {
    this.line.raise();
  }

  /** disable_irq, by a driver. @returns true when this call masked it; false when it was masked, or an interrupt is on its way */
  mask(): boolean {
    return this.line.mask();
  }

  /** enable_irq: what a poll does when completeDone() returned true. @returns false when it was not masked */
  unmask(): boolean {
    return this.line.unmask();
  }

  /**
   * irq_set_affinity. An interrupt that is on its way goes with it.
   * @throws RangeError: there is no such CPU · ErrnoError EINVAL: it is offline
   */
  retarget(cpu: number): void {
    assertTarget(this.world, this.name, cpu);
    this.line.retarget(cpu);
  }

  /** The CPU that takes its interrupts. */
  target(): number {
    return this.line.target();
  }

  /** Its handler is to run, and has not begun. */
  isPending(): boolean {
    return this.line.isPending();
  }

  /** False: masked, or an interrupt is on its way (which masks it, but for a level line). */
  isEnabled(): boolean {
    return this.line.isEnabled();
  }

  /** `masked, not pending, cause latched, for cpu0` */
  describe(): string {
    return this.line.describe();
  }
}

/** @throws RangeError · ErrnoError EINVAL, when `cpu` cannot have the line */
export function assertTarget({ cpus }: LineWorld, line: string, cpu: number): void {
  assertWhole('cpu', cpu, 0, cpus.length - 1);
  if (!cpus[cpu]!.isOnline) {
    throw new ErrnoError('EINVAL', `irq_set_affinity: line ${line}: cpu=${cpu}`, `cpu${cpu} is offline`);
  }
}

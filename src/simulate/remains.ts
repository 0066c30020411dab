// Cold. Runs on: main.
// What a CPU of the deterministic machine leaves behind, and who gets it: whoever takes it offline (dev_cpu_dead runs there), or else
// the first that is online.

import { BacklogHeirs } from '../coordinator/backlog-heirs.js';
import { CpuRemains, type RemainsParts } from '../coordinator/cpu-remains.js';
import { CALL_CPU_DEAD } from '../irq/call.js';
import type { Views } from '../memory/views.js';
import type { NapiState } from '../napi/state.js';
import type { BacklogLayout } from '../net/backlog-layout.js';
import { NAPIS_MAX } from './layout.js';

/** What it needs of the machine. */
export interface RemainsWorld {
  /** The CPU that executes; null: none does. */
  executing(): number | null;
  /** The CPU was about to call others: it has sent packets to their backlogs. */
  owesCalls(cpu: number): boolean;
}

/** No packet is in a buffer. */
const NO_LINKS = 0;

export class SimulatedRemains extends CpuRemains {
  private readonly world: RemainsWorld;
  private readonly backlogs: BacklogHeirs;

  constructor(views: Views, parts: RemainsParts, layouts: readonly BacklogLayout[], world: RemainsWorld) {
    super(views, parts);
    this.world = world;
    // Its lines have moved before: what a test sends to a backlog has nothing to do with them.
    this.backlogs = new BacklogHeirs(views, layouts, NO_LINKS, parts.states.slice(NAPIS_MAX), [], this.calls);
  }

  override takeOver(cpu: number, heirs: readonly number[], accident: boolean): void {
    const executing = this.world.executing();
    const first = executing !== null && heirs.includes(executing) ? executing : heirs[0]!;
    super.takeOver(cpu, [first, ...heirs.filter((heir) => heir !== first)], accident);
    if (this.world.owesCalls(cpu)) this.calls.call(first, CALL_CPU_DEAD, cpu);
  }

  protected override begin(cpu: number, heirs: readonly number[], accident: boolean): void {
    super.begin(cpu, heirs, accident);
    this.backlogs.handOn(cpu, heirs[0]!, accident);
    this.backlogs.follow(cpu, heirs[0]!);
  }

  override holds(cpu: number): boolean {
    return super.holds(cpu) || this.backlogs.holds(cpu) || this.world.owesCalls(cpu);
  }

  protected override heirOf(_: NapiState, heirs: readonly number[]): number {
    return heirs[0]!;
  }

  /** A test's driver has nothing in shared memory. */
  protected override repair(): void {}
}

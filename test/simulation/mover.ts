// Cold. Runs on: main.
// Moves lines while traffic runs, one after the other, and knows who may poll a queue when none of its lines is on the way.

import { MoveLine } from '../../src/coordinator/control.js';
import type { Machine } from '../../src/coordinator/machine.js';
import type { Plan } from '../../src/coordinator/plan.js';
import { napiState } from '../../src/cpu/build.js';
import { ContextWords } from '../../src/memory/context.js';
import type { Random } from '../../src/runtime/random.js';

interface Move {
  readonly queue: number;
  readonly cpu: number;
  readonly operation: MoveLine;
}

export class Mover {
  /** Moves that are complete. */
  completed = 0;
  private readonly machine: Machine;
  private readonly plan: Plan;
  private readonly random: Random;
  private readonly owners: number[];
  private current: Move | null = null;

  constructor(machine: Machine, plan: Plan, random: Random) {
    this.machine = machine;
    this.plan = plan;
    this.random = random;
    this.owners = machine.lines.map((line) => line.target());
  }

  /** Goes on with the move that is under way, or begins another. */
  step(): void {
    if (this.current === null) this.begin();
    else if (this.current.operation.step()) this.complete(this.current);
  }

  /** @throws Error when `cpu` polls a queue whose line has been moved to another, and has arrived there */
  assertMayPoll(queue: number, cpu: number): void {
    if (this.current?.queue === queue || this.owners[queue] === cpu) return;
    throw new Error(`cpu${cpu} polls queue ${queue}, which has moved to cpu${this.owners[queue]}`);
  }

  private begin(): void {
    const { lines, views } = this.machine;
    const queue = this.random.below(lines.length);
    const cpu = this.random.below(this.plan.cpus.length);
    const state = napiState(views, this.plan.cpus[0]!.napis, queue);
    const others = this.plan.cpuContexts
      .filter((_, id) => id !== cpu)
      .map((address) => new ContextWords(views, address));
    const operation = new MoveLine(lines[queue]!, state, cpu, others);
    this.current = { queue, cpu, operation };
    operation.begin();
  }

  private complete({ queue, cpu }: Move): void {
    this.owners[queue] = cpu;
    this.completed += 1;
    this.current = null;
  }
}

// Cold. Runs on: main.
// Interrupt lines over a memory of their own, and a look at what only irq/line.ts knows: the bits of a line's word.

import { type CallHandler, Calls, PendingCalls } from '../../src/irq/call.js';
import { IrqLine, irqRegionBytes, type LineFlow, PendingLines } from '../../src/irq/line.js';
import { CONTEXT_BYTES } from '../../src/memory/context.js';
import { Doorbell, isAsleep } from '../../src/memory/doorbell.js';
import type { Views } from '../../src/memory/views.js';
import { space } from '../memory/space.js';

const BITS = { ENABLED: 1, CAUSE: 2, PENDING: 4 };
const CONTEXTS = 0;
const CPUS = 3;

/** `ENABLED`, `CAUSE`, `ENABLED|PENDING` …, or `masked` when none of them is set. */
export type LineState = string;

export class Lines {
  readonly views: Views;
  readonly all: readonly IrqLine[];
  private readonly address: number;

  constructor(count: number, flow: LineFlow, cpu = 0) {
    this.address = CONTEXTS + CPUS * CONTEXT_BYTES;
    this.views = space(this.address + irqRegionBytes(count, CPUS));
    this.all = Array.from({ length: count }, (_, id) => new IrqLine(this.views, this.layout(count), id));
    for (const line of this.all) line.create(flow, cpu);
  }

  /** The bitmap of lines that `cpu` should look at. */
  pending(cpu: number): PendingLines {
    return new PendingLines(this.views, this.layout(this.all.length), cpu);
  }

  /** The calls for `cpu`, and whoever calls. */
  callsOf(cpu: number, handlers: readonly CallHandler[] = []): PendingCalls {
    return new PendingCalls(this.views, this.layout(this.all.length), cpu, handlers);
  }

  get calls(): Calls {
    return new Calls(this.views, this.layout(this.all.length));
  }

  state(id: number): LineState {
    const word = this.views.words[this.wordOf(id)]!;
    const names = Object.entries(BITS).flatMap(([name, bit]) => ((word & bit) === 0 ? [] : [name]));
    return names.join('|') || 'masked';
  }

  put(id: number, state: LineState): void {
    const word = this.wordOf(id);
    const others = this.views.words[word]! & ~(BITS.ENABLED | BITS.CAUSE | BITS.PENDING);
    const bits = Object.entries(BITS).reduce(
      (sum, [name, bit]) => sum + (state.split('|').includes(name) ? bit : 0),
      0,
    );
    this.views.words[word] = others | bits;
  }

  /** Lets `cpu` fall asleep, so that toldTo() sees a ring. */
  sleep(cpu: number): void {
    new Doorbell(this.views, CONTEXTS + cpu * CONTEXT_BYTES).announce();
  }

  sleeps(cpu: number): boolean {
    return isAsleep(this.views.words, (CONTEXTS + cpu * CONTEXT_BYTES) / 4);
  }

  /** The CPUs whose bitmap says that there is something to look at. */
  told(): number[] {
    return Array.from({ length: CPUS }, (_, cpu) => cpu).filter((cpu) => this.pending(cpu).any());
  }

  private layout(count: number) {
    return { address: this.address, lines: count, cpus: CPUS, contexts: CONTEXTS };
  }

  private wordOf(id: number): number {
    return this.address / 4 + id * 16;
  }
}

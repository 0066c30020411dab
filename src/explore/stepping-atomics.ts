// Cold. Runs on: a worker of the explorer.
// What stands in for the global Atomics: the real operations on the scenario's memory, each a step of its own while a body
// runs; wait and notify are virtual, since only one thread ever runs.

import { plainOf } from './checking-views.js';
import { real } from './control.js';
import { type Races, READ, READ_WRITE, WRITE } from './races.js';
import { ABANDONED, type Scheduler } from './scheduler.js';
import type { States } from './states.js';
import { type Op, WAIT_RESULTS } from './trace.js';

type Cells = Int32Array | BigInt64Array;
type Operand = number | bigint;
type Operation = (cells: Cells, index: number, ...operands: Operand[]) => Operand;

/** Of these, what the race check has to know: a load acquires, a store releases, the others do both. */
const STEPPED = ['load', 'store', 'add', 'sub', 'and', 'or', 'xor', 'exchange', 'compareExchange'] as const;

export class SteppingAtomics {
  /** True while a body runs. */
  active = false;
  /** Byte addresses on which a call is no step. */
  alone: ReadonlySet<number> = new Set();
  races: Races | null = null;
  states: States | null = null;
  private readonly me: number;
  private readonly owners: Uint8Array;
  private readonly scheduler: Scheduler;
  private readonly memory: SharedArrayBuffer;
  private readonly plainSteps: boolean;

  /** @param owners who touches which word without a step */
  constructor(scheduler: Scheduler, memory: SharedArrayBuffer, plainSteps: boolean, me: number, owners: Uint8Array) {
    this.me = me;
    this.owners = owners;
    this.scheduler = scheduler;
    this.memory = memory;
    this.plainSteps = plainSteps;
  }

  /** Modules call `Atomics.x(…)` as a global, so that this reaches them unmodified. */
  install(): void {
    const operations = Object.fromEntries(STEPPED.map((op) => [op, this.operation(op)]));
    globalThis.Atomics = {
      ...operations,
      isLockFree: real.isLockFree,
      wait: (cells: Cells, index: number, value: Operand, timeout?: number) => this.wait(cells, index, value, timeout),
      notify: (cells: Cells, index: number, count?: number) => this.notify(cells, index, count),
      pause: () => this.pause(),
      waitAsync: () => {
        throw new Error('Atomics.waitAsync: a body is synchronous');
      },
      [Symbol.toStringTag]: 'Atomics',
    } as unknown as Atomics;
  }

  private operation(op: (typeof STEPPED)[number]): Operation {
    const operate = real[op] as Operation;
    return (view, index, ...operands) => {
      const cells = plainOf(view);
      if (!this.stepped(cells, index)) return operate(cells, index, ...operands);
      this.enterCall();
      const result = operate(cells, index, ...operands);
      this.accessed(addressOf(cells, index), accessOf(op, cells, operands[0], result));
      this.endCall(op, cells, index, operands, result);
      return result;
    };
  }

  private wait(view: Cells, index: number, value: Operand, timeout = Number.POSITIVE_INFINITY): string {
    const cells = plainOf(view);
    if (!this.stepped(cells, index)) return real.wait(cells as Int32Array, index, value as number, timeout);
    if (!(cells instanceof Int32Array || cells instanceof BigInt64Array))
      throw new TypeError('Atomics.wait: not int32');
    this.enterCall();
    const equal = real.load(cells as Int32Array, index) === value;
    this.accessed(addressOf(cells, index), READ);
    if (!equal || timeout <= 0) {
      const result = equal ? 'timed-out' : 'not-equal';
      this.endCall('wait', cells, index, [value], WAIT_RESULTS.indexOf(result));
      return result;
    }
    this.waitersPassed(addressOf(cells, index), 0);
    const timedOut = this.scheduler.sleep(addressOf(cells, index), Number(value), Number.isFinite(timeout));
    this.waitersPassed(addressOf(cells, index), timedOut ? 2 : 1);
    return timedOut ? 'timed-out' : 'ok';
  }

  private notify(view: Cells, index: number, count = Number.POSITIVE_INFINITY): number {
    const cells = plainOf(view);
    if (!this.stepped(cells, index)) return real.notify(cells as Int32Array, index, count);
    this.enterCall();
    const woken = this.scheduler.threads.wake(addressOf(cells, index), count);
    this.waitersPassed(addressOf(cells, index), woken);
    this.endCall('notify', cells, index, [count], woken);
    return woken;
  }

  private accessed(address: number, access: number): void {
    this.races?.call(address, access);
    this.states?.call(address, access);
  }

  private waitersPassed(address: number, result: number): void {
    this.races?.waiters(address);
    this.states?.waiters(address, result);
  }

  private pause(): void {
    if (!this.active) return;
    this.throwIfAbandoned();
    this.scheduler.spin();
  }

  /** Memory of the thread's own needs no step; other shared memory would be seen by threads that the explorer cannot order. */
  private stepped(cells: Cells, index: number): boolean {
    if (!this.active || !(cells.buffer instanceof SharedArrayBuffer)) return false;
    if (cells.buffer !== this.memory)
      throw new Error("Atomics on a shared buffer other than the scenario's memory.buffer");
    const address = addressOf(cells, index);
    if (!this.alone.has(address)) return true;
    this.assertAlone(address);
    return false;
  }

  private assertAlone(address: number): void {
    const owner = this.owners[address / 4]!;
    if (owner !== 0 && owner !== this.me + 1) {
      throw new Error(`alone: @${address} is touched by threads ${owner - 1} and ${this.me}`);
    }
    this.owners[address / 4] = this.me + 1;
  }

  private enterCall(): void {
    this.throwIfAbandoned();
    if (this.plainSteps) this.scheduler.endStep('plain');
  }

  /** An abandoned body may still come here from a finally block. */
  private throwIfAbandoned(): void {
    if (this.scheduler.abandoned) throw ABANDONED;
  }

  private endCall(op: Op, cells: Cells, index: number, operands: Operand[], result: Operand): void {
    const value = Number(operands.at(-1) ?? 0);
    const expected = Number(operands[0] ?? 0);
    this.scheduler.endStep(op, addressOf(cells, index), value, expected, Number(result));
  }
}

/** A compareExchange that finds another value is a load. */
function accessOf(op: (typeof STEPPED)[number], cells: Cells, expected: Operand | undefined, found: Operand): number {
  if (op === 'load' || (op === 'compareExchange' && asStored(cells, expected!) !== found)) return READ;
  return op === 'store' ? WRITE : READ_WRITE;
}

/** What cells of this kind would hold: 0xffffffff is -1 in an Int32Array. */
function asStored(cells: Cells, value: Operand): Operand {
  const cell = new (cells.constructor as { new (length: number): (number | bigint)[] })(1);
  cell[0] = value;
  return cell[0];
}

function addressOf(cells: Cells, index: number): number {
  return cells.byteOffset + index * cells.BYTES_PER_ELEMENT;
}

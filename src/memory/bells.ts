// Hot. Runs on: every thread of a machine, and main.
// Whom a thread can wake that has no view of the machine at hand, since it works on memory of the application's: the threads of
// the machines that it is part of. An event (napi/wait-event.ts) names its sleepers by machine and number.
//
// Its number is the CPU's: nobody else sleeps until an event.

import { ringDoorbell } from './doorbell.js';
import type { Views } from './views.js';

/** A thread that sleeps on one doorbell, as others know it. */
export interface Bell {
  /** Its machine, as the memory's header has it. */
  readonly machine: number;
  readonly number: number;
}

interface Joined {
  readonly words: Int32Array;
  /** Byte addresses, by number. */
  readonly bells: readonly number[];
  times: number;
}

const machines = new Map<number, Joined>();

/** From here on this thread can wake those of the machine. @param bells byte addresses of their doorbells, by number */
export function joinMachine(machine: number, { words }: Views, bells: readonly number[]): void {
  const joined = machines.get(machine);
  if (joined === undefined) machines.set(machine, { words, bells, times: 1 });
  else joined.times += 1;
}

/** Once for each joinMachine(): the memory is not kept any longer. */
export function leaveMachine(machine: number): void {
  const joined = machines.get(machine);
  if (joined === undefined) return;
  joined.times -= 1;
  if (joined.times === 0) machines.delete(machine);
}

/** This thread is part of that machine. */
export function canRing(machine: number): boolean {
  return machines.has(machine);
}

/** Wakes a thread that sleeps or is about to; one that has found what the caller has published before is left alone. */
export function ringBell(machine: number, number: number): void {
  const joined = machines.get(machine);
  const address = joined?.bells[number];
  if (joined !== undefined && address !== undefined) ringDoorbell(joined.words, address / 4);
}

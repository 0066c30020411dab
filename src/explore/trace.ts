// Cold. Runs on: every thread of the explorer.
// What happened in one schedule: a row per step, of the decision that gave the step to its thread and of the step itself.

import { type ControlMemory, traceDouble, traceWord } from './control.js';

// Row of int32                              written by
const CHOICES = 0; // bit per thread that could have made this step    whoever ended the step before
const FREE = 1; // 1: the thread before could not go on, so a switch is no preemption
const TIMED_OUT = 2; // 1: the step begins with a wait that timed out
const TAKEN = 3; // the choice: who makes the step, or who ends
const USUAL = 4; // the choice that is no preemption and no end, the same each time
const OP = 5; //                                                       the thread, at the end of the step
const ADDRESS = 6; // in bytes, in the scenario's memory
const PLAIN = 7; // 1: it made plain accesses that others may race with, or look at
// Row of float64: value, expected, result.

export const OPS = [
  'plain', // the code between two calls
  'spin',
  'end',
  'threw',
  'killed',
  'write', // a plain one, through a checking view
  'load',
  'store',
  'add',
  'sub',
  'and',
  'or',
  'xor',
  'exchange',
  'compareExchange',
  'wait',
  'notify',
] as const;
export type Op = (typeof OPS)[number];

/** A wait's result, as the number that a row holds. */
export const WAIT_RESULTS = ['asleep', 'not-equal', 'timed-out'] as const;

/** A choice below this is a thread that goes on; from here on, a thread that ends. */
export const ENDS = 16;
/** Of a set of choices: those that are threads that go on. */
export const GO_ON = 0xffff;

export interface Step {
  /** A set: bit n is choice n. */
  readonly choices: number;
  readonly taken: number;
  readonly usual: number;
  readonly free: boolean;
  readonly timedOut: boolean;
  readonly thread: number;
  readonly op: Op;
  readonly address: number;
  readonly value: number;
  readonly expected: number;
  readonly result: number;
}

export function writeDecision(
  memory: ControlMemory,
  step: number,
  choices: number,
  free: boolean,
  usual: number,
): void {
  const row = traceWord(step);
  memory.trace[row + CHOICES] = choices;
  memory.trace[row + FREE] = Number(free);
  memory.trace[row + USUAL] = usual;
  memory.trace[row + TIMED_OUT] = 0;
}

export function writeTaken(memory: ControlMemory, step: number, choice: number): void {
  memory.trace[traceWord(step) + TAKEN] = choice;
}

export function writeTimedOut(memory: ControlMemory, step: number): void {
  memory.trace[traceWord(step) + TIMED_OUT] = 1;
}

export function writeStep(memory: ControlMemory, step: number, op: Op, address = 0, plain = false): void {
  const row = traceWord(step);
  memory.trace[row + OP] = OPS.indexOf(op);
  memory.trace[row + ADDRESS] = address;
  memory.trace[row + PLAIN] = Number(plain);
}

export function writeValues(
  memory: ControlMemory,
  step: number,
  value: number,
  expected: number,
  result: number,
): void {
  const row = traceDouble(step);
  memory.values[row] = value;
  memory.values[row + 1] = expected;
  memory.values[row + 2] = result;
}

export function readStep(memory: ControlMemory, step: number): Step {
  const row = traceWord(step);
  const { trace, values } = memory;
  return {
    choices: trace[row + CHOICES]!,
    taken: trace[row + TAKEN]!,
    usual: trace[row + USUAL]!,
    free: trace[row + FREE] === 1,
    timedOut: trace[row + TIMED_OUT] === 1,
    thread: trace[row + TAKEN]! % ENDS,
    op: OPS[trace[row + OP]!]!,
    address: trace[row + ADDRESS]!,
    value: values[traceDouble(step)]!,
    expected: values[traceDouble(step) + 1]!,
    result: values[traceDouble(step) + 2]!,
  };
}

// The search reads some words of every row of every schedule: without an object each.
export function takenAt(memory: ControlMemory, step: number): number {
  return memory.trace[traceWord(step) + TAKEN]!;
}

export function opAt(memory: ControlMemory, step: number): number {
  return memory.trace[traceWord(step) + OP]!;
}

export function addressAt(memory: ControlMemory, step: number): number {
  return memory.trace[traceWord(step) + ADDRESS]!;
}

export function plainAt(memory: ControlMemory, step: number): boolean {
  return memory.trace[traceWord(step) + PLAIN] === 1;
}

export function choicesAt(memory: ControlMemory, step: number): number {
  return memory.trace[traceWord(step) + CHOICES]!;
}

export function freeAt(memory: ControlMemory, step: number): boolean {
  return memory.trace[traceWord(step) + FREE] === 1;
}

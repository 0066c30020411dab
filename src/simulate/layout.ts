// Cold. Runs on: main.
// Where the parts of a deterministic machine lie in its memory.

import type { CoreLayout } from '../cpu/core.js';
import { irqRegionBytes } from '../irq/line.js';
import { Arena } from '../memory/arena.js';
import { CONTEXT_BYTES } from '../memory/context.js';
import { CPU_COUNTERS, counterBlockBytes, TASK_COUNTERS } from '../memory/counters.js';
import { CACHE_LINE_BYTES, DOUBLE_BYTES } from '../memory/layout.js';
import { SOFTNET_BYTES } from '../napi/softnet.js';
import { SYSCTL_BYTES } from '../napi/sysctl.js';
import { timersBytes } from '../napi/timers.js';
import { EVENT_BYTES } from '../napi/wait-event.js';
import { NAPI_BYTES } from '../napi/words.js';
import { type BacklogLayout, backlogBytes } from '../net/backlog-layout.js';
import { FLOW_LIMIT_BYTES } from '../net/flow-limit.js';
import { SOFTIRQ_BYTES } from '../softirq/softirq.js';

/** What a machine has room for. Behind these instances come the CPUs' backlogs. */
export const NAPIS_MAX = 64;
export const LINES_MAX = 64;
/** Line n is CPU n's own, and one is left. */
export const CPUS_MAX = LINES_MAX - 1;
/** Per CPU. */
export const TASKS_MAX = 16;
export const EVENTS_MAX = 64;
/** Of a slot in a backlog: the packet's number. */
const PACKET_WORDS = 1;
const TASK_BYTES = counterBlockBytes(TASK_COUNTERS);

export interface SimulationLayout {
  readonly bytes: number;
  /** EVENTS_MAX of them, one behind the other. */
  readonly events: number;
  readonly cpus: readonly CoreLayout[];
  /** By CPU: its context words. */
  readonly contexts: readonly number[];
  /** By CPU: every CPU sends to every other, and to itself. */
  readonly backlogs: readonly BacklogLayout[];
  /** By CPU: the counter of each line's interrupts there. */
  readonly irqs: readonly (readonly number[])[];
  /** By CPU: blocks of TASK_COUNTERS. */
  readonly tasks: readonly (readonly number[])[];
}

export function layOut(cpus: number): SimulationLayout {
  const arena = new Arena();
  arena.reserve('nothing: address 0 is no address', CACHE_LINE_BYTES);
  const each = (name: string, bytes: number) =>
    Array.from({ length: cpus }, (_, cpu) => arena.reserve(`${name} of cpu ${cpu}`, bytes));
  const contexts = each('context', CONTEXT_BYTES);
  const irq = layOutIrq(arena, cpus, contexts[0]!);
  const sysctls = arena.reserve('sysctls', SYSCTL_BYTES);
  const napiCount = NAPIS_MAX + cpus;
  const napis = arena.reserve('napi instances', napiCount * NAPI_BYTES);
  const softirqs = each('softirq words', SOFTIRQ_BYTES);
  const softnets = each('softnet words', SOFTNET_BYTES);
  const timers = each('timers', timersBytes(napiCount));
  const counters = each('counters', counterBlockBytes(CPU_COUNTERS));
  const shared = { irq, napis, napiCount, timersOf: timers, sysctls };
  const flowLimits = each('flow limit table', FLOW_LIMIT_BYTES);
  const events = arena.reserve('events', EVENTS_MAX * EVENT_BYTES);
  return {
    events,
    contexts,
    backlogs: each('backlog', backlogBytes(cpus, PACKET_WORDS)).map(backlogOf(flowLimits)),
    cpus: counters.map((block, cpu) => {
      const own = { softirq: softirqs[cpu]!, softnet: softnets[cpu]!, timers: timers[cpu]!, counters: block };
      return { cpu, ...shared, ...own };
    }),
    irqs: each('interrupts by line', LINES_MAX * DOUBLE_BYTES).map((first) => blocks(first, LINES_MAX, DOUBLE_BYTES)),
    tasks: each('counters of tasks', TASKS_MAX * TASK_BYTES).map((first) => blocks(first, TASKS_MAX, TASK_BYTES)),
    bytes: arena.bytes, // after all of them
  };
}

function backlogOf(flowLimits: readonly number[]): (address: number, cpu: number) => BacklogLayout {
  const senders = flowLimits.map((_, sender) => sender);
  return (address, cpu) => ({ address, cpu, senders, slotWords: PACKET_WORDS, flowLimit: flowLimits[cpu]! });
}

function layOutIrq(arena: Arena, cpus: number, contexts: number) {
  const address = arena.reserve('interrupt lines, calls and bitmaps of cpus', irqRegionBytes(LINES_MAX, cpus));
  return { address, lines: LINES_MAX, cpus, contexts };
}

function blocks(first: number, count: number, bytes: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index * bytes);
}

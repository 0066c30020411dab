// Cold. Runs on: main.
// A failing schedule as text that a reader can follow, with the command that replays it.

import type { Crew } from './crew.js';
import { formatSchedule } from './plan.js';
import { isPreempted, preemptionsOf } from './sketch.js';
import { ENDS, type Step, WAIT_RESULTS } from './trace.js';

const TRACE_HEAD = 40;
const TRACE_TAIL = 20; // of a livelock, the end matters

export interface Failure {
  /** The scenario's file and variant: `counter`, `counter#atomic`. */
  readonly scenario: string;
  /** What went wrong; null when a replayed schedule is fine. */
  readonly message: string | null;
  /** `0:5,1:3,0:*`: five steps of thread 0, three of thread 1, then thread 0, and nobody is preempted any more. */
  readonly schedule: string;
  /** Ends of threads count as preemptions. */
  readonly preemptions: number;
  readonly trace: readonly Step[];
  /** Shell command that runs this schedule again. */
  readonly replay: string;
  /** All of it, for a person. */
  readonly text: string;
}

export interface Source {
  readonly name: string;
  replay(schedule: string): string;
}

/** A schedule that has been run. */
export interface Outcome {
  readonly plan: Int8Array;
  readonly message: string | null;
  readonly trace: readonly Step[];
}

export function failureOf(crew: Crew, source: Source, { plan, message, trace }: Outcome): Failure {
  const schedule = formatSchedule(plan);
  const preemptions = preemptionsOf(trace);
  const head = `${source.name}: ${message ?? 'fine'} (${trace.length} steps, ${preemptions} preemptions)`;
  const replay = source.replay(schedule);
  const text = [head, ...cut(traceLines(crew, trace)), `replay: ${replay}`].join('\n');
  return { scenario: source.name, message, schedule, preemptions, trace, replay, text };
}

function cut(lines: string[]): string[] {
  const left = lines.length - TRACE_HEAD - TRACE_TAIL;
  if (left <= 1) return lines;
  return [...lines.slice(0, TRACE_HEAD), `  … ${left} more …`, ...lines.slice(-TRACE_TAIL)];
}

function traceLines(crew: Crew, trace: readonly Step[]): string[] {
  const width = Math.max(...crew.scenario.threads.map((name) => name.length));
  return trace.flatMap((step, at) => {
    if (isDull(trace, at)) return [];
    const preempted = isPreempted(step) ? `   (${crew.name(step.usual)} is preempted)` : '';
    return [
      `  ${String(at).padStart(4)}  ${crew.name(step.thread).padEnd(width)}  ${stepText(crew, step)}${preempted}`,
    ];
  });
}

/** Plain code amid a thread's run says nothing; at its ends it shows on which side of a call the switch was. */
function isDull(trace: readonly Step[], at: number): boolean {
  const { taken, op, timedOut } = trace[at]!;
  return op === 'plain' && !timedOut && trace[at - 1]?.taken === taken && trace[at + 1]?.taken === taken;
}

function stepText(crew: Crew, step: Step): string {
  if (step.taken >= ENDS) return 'ends here';
  const text = callText(step, crew.label(step.address));
  return step.timedOut ? `wait timed out, ${text}` : text;
}

function callText(step: Step, word: string): string {
  const { op, value, expected, result } = step;
  switch (op) {
    case 'plain':
      return '…';
    case 'spin':
    case 'end':
    case 'threw':
      return op;
    case 'load':
      return `load ${word} = ${result}`;
    case 'store':
    case 'write':
      return `${op} ${word} = ${value}`;
    case 'compareExchange':
      return `compareExchange ${word} ${expected} → ${value}: ${result === expected ? 'done' : `is ${result}`}`;
    case 'wait':
      return `wait ${word} while ${value}: ${WAIT_RESULTS[result]}`;
    case 'notify':
      return `notify ${word}, at most ${value}: woke ${result}`;
    default:
      return `${op} ${word}, ${value}: was ${result}`;
  }
}

// Cold. Runs on: main.
// A failing schedule as text that a reader can follow, with the command that replays it.

import type { Crew } from './crew.js';
import { patchesOf } from './mutant.js';
import { formatSchedule } from './schedule.js';
import { type Step, WAIT_RESULTS } from './trace.js';

const TRACE_HEAD = 40;
const TRACE_TAIL = 20; // of a livelock, the end matters

export interface Failure {
  readonly scenario: string;
  /** What went wrong; null when a replayed schedule is fine. */
  readonly message: string | null;
  readonly schedule: string;
  readonly preemptions: number;
  readonly trace: readonly Step[];
  /** All of it, for a person. */
  readonly text: string;
}

export function failureOf(crew: Crew, spec: string, root: URL, plan: Int8Array, message: string | null): Failure {
  const schedule = formatSchedule(plan);
  const trace = crew.trace();
  const preemptions = trace.filter((_, step) => isPreempted(trace, step)).length;
  const head = `${spec}: ${message ?? 'fine'} (${trace.length} steps, ${preemptions} preemptions)`;
  const text = [head, ...cut(traceLines(crew, trace)), `replay: ${replayCommand(spec, root, schedule)}`].join('\n');
  return { scenario: spec, message, schedule, preemptions, trace, text };
}

function replayCommand(spec: string, root: URL, schedule: string): string {
  const patches = patchesOf(root);
  const mutant = patches === '' ? '' : ` --patches '${patches.replaceAll("'", "'\\''")}'`;
  return `node build/test/interleave/replay.js ${spec} --schedule '${schedule}'${mutant}`;
}

function cut(lines: string[]): string[] {
  const left = lines.length - TRACE_HEAD - TRACE_TAIL;
  if (left <= 1) return lines;
  return [...lines.slice(0, TRACE_HEAD), `  … ${left} more …`, ...lines.slice(-TRACE_TAIL)];
}

function isPreempted(trace: readonly Step[], step: number): boolean {
  return step > 0 && !trace[step]!.free && trace[step]!.thread !== trace[step - 1]!.thread;
}

function traceLines(crew: Crew, trace: readonly Step[]): string[] {
  const width = Math.max(...crew.scenario.threads.map((name) => name.length));
  return trace.flatMap((step, at) => {
    if (isDull(trace, at)) return [];
    const preempted = isPreempted(trace, at) ? `   (${crew.name(trace[at - 1]!.thread)} is preempted)` : '';
    return [
      `  ${String(at).padStart(4)}  ${crew.name(step.thread).padEnd(width)}  ${stepText(crew, step)}${preempted}`,
    ];
  });
}

/** Plain code amid a thread's run says nothing; at its ends it shows on which side of a call the switch was. */
function isDull(trace: readonly Step[], at: number): boolean {
  const { thread, op, timedOut } = trace[at]!;
  return op === 'plain' && !timedOut && trace[at - 1]?.thread === thread && trace[at + 1]?.thread === thread;
}

function stepText(crew: Crew, step: Step): string {
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
      return `store ${word} = ${value}`;
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

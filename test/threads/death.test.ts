// Cold. Runs on: main; starts processes that start real threads.
// A thread that dies, for whatever reason, stops the whole machine within a second: `done` says which and why, nothing is
// left, and the process ends by itself.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { plainNode } from '../plain-node.js';
import { untilInTime } from './attempts.js';
import type { Fate, Report } from './children/die.js';

const CHILD = fileURLToPath(new URL('children/die.js', import.meta.url));
const MACHINE_MS = 1000;
const PROCESS_MS = 2000;
const CHILD_MS = 40_000;
/** MiB per thread: soon reached. */
const HEAP_MAX = 48;

interface Outcome {
  readonly status: number | null;
  readonly report: Report;
  /** From the report to the process's end. */
  readonly exitMs: number;
}

async function meet(fate: Fate): Promise<Outcome> {
  // A worker takes no such flag of its own; the process's limit holds for each of its threads.
  const child = spawn(...plainNode(`--max-old-space-size=${HEAP_MAX}`, CHILD, JSON.stringify(fate)), {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: CHILD_MS,
    killSignal: 'SIGKILL',
  });
  let [output, errors, reportedAt] = ['', '', 0];
  child.stdout.on('data', (chunk) => {
    output += chunk;
    reportedAt = Date.now();
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  if (output === '') throw new Error(`${JSON.stringify(fate)}: no report, status ${status}, stderr: ${errors}`);
  return { status, report: JSON.parse(output) as Report, exitMs: Date.now() - reportedAt };
}

const FATES: readonly (Fate & { readonly cause: RegExp })[] = [
  { accident: 'throw', role: 'cpu0', cause: /^the sink has had enough$/ },
  { accident: 'throw', role: 'cpu1', cause: /^the sink has had enough$/ },
  { accident: 'promise', role: 'cpu1', cause: /the sink returned a promise: a sink must be synchronous/ },
  { accident: 'exit', role: 'cpu0', cause: /exited with code: 3/ },
  { accident: 'out of memory', role: 'cpu1', cause: /memory limit/ },
  { accident: 'terminated', role: 'nic0', cause: /exited|terminated/i },
  { accident: 'terminated', role: 'cpu0', cause: /exited|terminated/i },
  { accident: 'terminated', role: 'cpu1', cause: /exited|terminated/i },
];

for (const { cause, ...fate } of FATES) {
  t.test(`${fate.role}: ${fate.accident}`, async (t) => {
    const judged = async () => {
      const outcome = await meet(fate);
      checkOutcome(t, outcome, fate.role, cause);
      return outcome;
    };
    const inTime = ({ report, exitMs }: Outcome) => report.ms <= MACHINE_MS && exitMs <= PROCESS_MS;
    const { report, exitMs } = await untilInTime(judged, inTime);
    t.ok(report.ms <= MACHINE_MS, 'done rejects within a second', { ms: report.ms });
    t.ok(exitMs <= PROCESS_MS, 'soon', { exitMs });
    t.comment(`${report.message}; rejected after ${report.ms} ms, process ended ${exitMs} ms later`);
  });
}

t.test('a sink that never returns is ended by a stop, and named', async (t) => {
  const { status, report } = await meet({ accident: 'never returns', role: 'cpu0' });
  t.equal(report.error, 'RoleError');
  t.equal(report.role, 'cpu0');
  t.match(report.message, /did not leave its loop/);
  checkNothingLeft(t, report);
  t.equal(status, 0, 'the process ends by itself');
  t.comment(`${report.message}; rejected after ${report.ms} ms`);
});

function checkOutcome(t: Test, { report, status }: Outcome, role: string, cause: RegExp): void {
  t.equal(report.error, 'RoleError');
  t.equal(report.role, role);
  t.match(report.cause, cause);
  t.match(report.message, `${role} died: `);
  checkNothingLeft(t, report);
  t.equal(status, 0, 'the process ends by itself');
}

function checkNothingLeft(t: Test, report: Report): void {
  t.same(report.threadsLeft, [], 'no thread is left');
  t.same(report.resourcesLeft, [], 'no timer or port is left');
  t.equal(report.afterwards, '1 NIC', 'stop() rejects with the same error, snapshot() still answers');
}

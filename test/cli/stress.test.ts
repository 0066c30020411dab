// Cold. Runs on: main; starts processes and real threads.
// `softirq stress` as a user meets it: one round, the document, a signal, a violation.

import t from 'tap';
import { explain, FAILED } from '../../src/cli/one-line.js';
import { stressCommand } from '../../src/cli/stress.js';
import { soakSummary } from '../../src/cli/stress-text.js';
import { PLAIN } from '../../src/report/paint.js';
import { RoundLog } from '../../src/stress/round-log.js';
import { PLAIN_COURSE } from '../../src/stress/setting.js';
import type { SoakReport } from '../../src/stress/soak.js';
import { ENOUGH_ROUNDS, Visits } from '../../src/stress/visits.js';
import { lines, sendWhenSeen, softirq } from './child.js';

t.setTimeout(120_000);
const timeoutMs = 60_000;

/** What a soak of this many rounds says, in which everything was visited so often. */
function reportOf(rounds: number, visited: number, violation: SoakReport['violation'] = null): SoakReport {
  const visits = new Visits();
  for (const counts of [...Object.values(visits.settings), visits.operations, visits.transitions]) {
    for (const name of Object.keys(counts)) counts[name] = visited;
  }
  const { settings, operations, transitions } = visits;
  const packets = { offered: 3000, delivered: 2000, dropped: 990, lostWithCpu: 10 };
  const head = { version: '1.2.3', node: 'v20', seed: 5, seconds: 4, rounds, packets };
  return {
    ...head,
    settings,
    operations,
    transitions,
    neverVisited: rounds < ENOUGH_ROUNDS ? null : visits.never(),
    violation,
  };
}

/** The command's fault, and what it printed, where the rounds come to this. */
async function outcomeOf(report: SoakReport): Promise<{ line: string; status: number; stdout: string } | null> {
  const { write } = process.stdout;
  let stdout = '';
  process.stdout.write = (text: string | Uint8Array) => {
    stdout += String(text);
    return true;
  };
  const soak = { toEnd: async () => report, stop: () => {}, seconds: 0, delivered: 0, current: null };
  try {
    await stressCommand({ packets: 1, seed: 5 }, { json: false }, () => soak);
    return null;
  } catch (error) {
    return { ...explain(error), stdout };
  } finally {
    process.stdout.write = write;
  }
}

t.test('one round, as a document', async (t) => {
  const { status, stdout, stderr } = await softirq(['stress', '--seed', '3', '--round', '2', '--json'], { timeoutMs });
  t.equal(status, 0, stderr);
  t.equal(lines(stderr)[0], 'softirq: seed 3');
  const report = JSON.parse(stdout) as SoakReport;
  t.same(Object.keys(report), Object.keys(reportOf(1, 0)), 'the fields of SoakReport');
  t.match(report, { seed: 3, rounds: 1, neverVisited: null, violation: null });
  t.ok(report.packets.delivered > 0);
  for (const [name, counts] of Object.entries(report.settings)) {
    const drawn = Object.values(counts).reduce((sum, count) => sum + count, 0);
    t.ok(drawn <= 1, `${name}: one choice at most`);
  }
});

t.test('a signal ends it in order', async (t) => {
  const onStderr = sendWhenSeen([/^[\d.]+ of 600 s {2}round \d+: /m, 'SIGINT'])!;
  const { status, stdout, stderr } = await softirq(['stress', '--minutes', '10'], { onStderr, timeoutMs });
  t.equal(status, 0, stderr);
  t.match(stderr, /^softirq: SIGINT: stopping in order/m);
  t.match(stdout, /^stress, seed \d+ /);
  t.match(stdout, /^checks {2}all hold$/m);
  t.match(stdout, /^visits {2}not judged: \d+ rounds? (are|is) too few$/m);
});

t.test('a violation: status 1, the seed, the round, and the command that repeats it', async (t) => {
  const repeat = 'softirq stress --seed 5 --round 9';
  const course = { ...PLAIN_COURSE, ends: 'stop', trafficMs: 30, paceMs: 5 } as const;
  const log = new RoundLog();
  for (let count = 0; count < 40; count += 1) await log.run(`operation ${count}`, async () => {});
  await log.run('move a line', async () => Promise.reject(new Error('lost')));
  void log.run('disable', () => new Promise(() => {}));
  const what = ['offered 2 ≠ 1', 'queue 0: lost'];
  const violation = { round: 9, what, repeat, options: { device: 'pktgen' }, course, operations: log.last };
  const fault = await outcomeOf(reportOf(9, 1, violation));
  t.equal(fault?.status, FAILED);
  t.equal(fault?.line, `softirq: seed 5, round 9: offered 2 ≠ 1; queue 0: lost; repeat it: ${repeat}`);
  t.match(
    fault?.stdout,
    /round 9 of seed 5: violated\n {2}offered 2 ≠ 1\n {2}queue 0: lost\noptions\n {2}\{"device":"pktgen"\}\n/,
  );
  t.match(fault?.stdout, /around it\n {2}\{"ends":"stop","trafficMs":30,"paceMs":5,/);
  t.match(fault?.stdout, /operations, the last 30:.*\n +[\d.]+ {2}operation 12 +[\d.]+\n/, 'and not the 12 before');
  t.match(fault?.stdout, / {2}move a line +[\d.]+ {2}wrong\n +[\d.]+ {2}disable +not over\nrepeat: softirq stress/);
});

t.test('what was never visited fails a run that was long enough', async (t) => {
  t.equal(await outcomeOf(reportOf(ENOUGH_ROUNDS - 1, 0)), null, 'too short to tell');
  t.equal(await outcomeOf(reportOf(ENOUGH_ROUNDS, 1)), null, 'everything was visited');
  const fault = await outcomeOf(reportOf(ENOUGH_ROUNDS, 0));
  t.equal(fault?.status, FAILED);
  t.match(fault?.line, /^softirq: seed 5: never visited: mode napi, .*, move a line, .*backlog drop/);
});

t.test('the summary is a table', async (t) => {
  const text = soakSummary(reportOf(ENOUGH_ROUNDS, 7), PLAIN);
  t.match(
    text,
    /50 rounds, 2,000 packets delivered in 4\.0 s: 500 pps\noffered 3,000 = delivered 2,000 \+ dropped 990 \+ lost 10/,
  );
  t.match(text, /^settings \(rounds\)\n {2}mode +napi +7\n +interrupt +7\n/m);
  t.match(text, /^visits {2}everything at least once$/m);
});

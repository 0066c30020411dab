// Cold. Runs on: main.
// What a soak says to people: a line while it runs, a table at its end.

import type { Paint } from '../report/paint.js';
import { list } from '../report/table.js';
import { count, per, plural, rate, short } from '../report/units.js';
import type { DrawnRound } from '../stress/draw.js';
import type { SoakConfig } from '../stress/options.js';
import type { LoggedOperation } from '../stress/round-log.js';
import type { Soak, SoakReport, SoakViolation } from '../stress/soak.js';

/** `12.5 of 40 s  round 17: napi, 2 CPUs, 3 queues  12.3 M packets  3.40 Mpps` */
export function soakLine(
  soak: Pick<Soak, 'seconds' | 'delivered' | 'current'>,
  { minutes, packets }: SoakConfig,
): string {
  const { seconds, delivered, current } = soak;
  const elapsed = Number.isFinite(minutes)
    ? `${seconds.toFixed(1)} of ${+(60 * minutes).toFixed(1)} s`
    : `${seconds.toFixed(1)} s`;
  const all = Number.isFinite(packets) ? ` of ${short(packets)}` : '';
  const round = current === null ? 'starting' : `round ${current.number}: ${machineOf(current)}`;
  return [elapsed, round, `${short(delivered)}${all} packets`, rate(per(delivered, seconds), 'pps')].join('  ');
}

function machineOf({ options: { mode, cpus = 1, queues = 1 } }: DrawnRound): string {
  return `${mode}, ${plural(cpus, 'CPU')}, ${plural(queues, 'queue')}`;
}

export function soakSummary(report: SoakReport, paint: Paint): string {
  const { settings, operations, transitions } = report;
  const blocks = [
    headline(report, paint),
    section(
      'settings (rounds)',
      Object.entries(settings).flatMap(([name, counts]) => settingRows(name, counts)),
      paint,
    ),
    section('operations', rows(operations), paint),
    section('transitions', rows(transitions), paint),
    verdict(report, paint),
  ];
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function headline({ seed, rounds, seconds, packets, version, node }: SoakReport, paint: Paint): string[] {
  const { offered, delivered, dropped, lostWithCpu } = packets;
  const pps = rate(per(delivered, seconds), 'pps');
  return [
    `stress, seed ${seed}  (softirq ${version}, Node.js ${node})`,
    '',
    paint.bold(`${plural(rounds, 'round')}, ${count(delivered)} packets delivered in ${seconds.toFixed(1)} s: ${pps}`),
    `offered ${count(offered)} = delivered ${count(delivered)} + dropped ${count(dropped)} + lost ${count(lostWithCpu)}`,
  ];
}

type Row = readonly [name: string, number: string];

/** The setting's name stands in its first row alone. */
function settingRows(setting: string, counts: Readonly<Record<string, number>>): Row[] {
  return rows(counts).map(([name, number], index) => [`${(index === 0 ? setting : '').padEnd(NAME)}  ${name}`, number]);
}

const NAME = 12; // budgetUsecs, checkBuffers

function rows(counts: Readonly<Record<string, number>>): Row[] {
  return Object.entries(counts).map(([name, number]) => [name, count(number)]);
}

function section(title: string, lines: readonly Row[], paint: Paint): string[] {
  return [paint.dim(title), ...list(lines).map((line) => `  ${line}`)];
}

function verdict({ violation, neverVisited, rounds, seed }: SoakReport, paint: Paint): string[] {
  if (violation !== null) {
    return violated(violation, seed, paint);
  }
  const checks = `checks  ${paint.good('all hold')}`;
  if (neverVisited === null)
    return [checks, `visits  not judged: ${plural(rounds, 'round')} ${rounds === 1 ? 'is' : 'are'} too few`];
  if (neverVisited.length > 0) return [checks, `visits  ${paint.bad(`never: ${neverVisited.join(', ')}`)}`];
  return [checks, `visits  ${paint.good('everything at least once')}`];
}

/** So many operations say what happened; the document has more. */
const SHOWN = 30;

/** What it takes to find the fault, the command at the end, where it is seen first. */
function violated({ round, what, repeat, options, course, operations }: SoakViolation, seed: number, paint: Paint) {
  const last = operations.slice(-SHOWN);
  return [
    `round ${round} of seed ${seed}: violated`,
    ...what.map((line) => paint.bad(`  ${line}`)),
    paint.dim('options'),
    `  ${JSON.stringify(options)}`,
    paint.dim('around it'),
    `  ${JSON.stringify(course)}`,
    paint.dim(
      last.length === 0
        ? 'operations: none'
        : `operations, the last ${last.length}: when since the traffic began, and how long, in ms`,
    ),
    ...list(last.map(operationRow)).map((line) => `  ${line}`),
    `repeat: ${repeat}`,
  ];
}

const AT = 8; // 30,000 ms of traffic, to a tenth

function operationRow({ name, atMs, tookMs, fault }: LoggedOperation): readonly [string, string, string] {
  const took = tookMs === null ? 'not over' : tookMs.toFixed(1);
  return [`${atMs.toFixed(1).padStart(AT)}  ${name}`, took, fault === null ? '' : 'wrong'];
}

// Cold. Runs on: main.
// The summary of a run for people: what was run, what came of it, then how. Counters keep the kernel's names.

import type { CpuSnapshot, QueueSnapshot, Snapshot } from '../coordinator/snapshot-types.js';
import { type Paint, PLAIN } from './paint.js';
import { list, table } from './table.js';
import { count, digits, per, percent, perPacket, plural, rate, seconds } from './units.js';

const INDENT = '  ';
const UNKNOWN = '–';

/** The whole summary, several lines, with a newline at the end. */
export function summary(snapshot: Snapshot, paint: Paint = PLAIN): string {
  const sections = [
    [title(snapshot, paint)],
    headline(snapshot, paint),
    section('packets', packets(snapshot, paint), paint),
    section('interrupts and polls', napi(snapshot), paint),
    section('queues', queues(snapshot, paint), paint),
    section('cpus', cpus(snapshot, paint), paint),
    section('protocols', named(snapshot.stack.protocols, snapshot.stack.delivered), paint),
    section('malformed, dropped', named(snapshot.stack.malformed, snapshot.conservation.offered), paint),
    checks(snapshot, paint),
  ];
  const filled = sections.filter((lines) => lines.length > 0);
  return `${filled.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function section(name: string, lines: readonly string[], paint: Paint): readonly string[] {
  return lines.length === 0 ? [] : [paint.bold(name), ...lines.map((line) => INDENT + line)];
}

function title({ version, node, config, nics }: Snapshot, paint: Paint): string {
  const devices = nics.map((nic) => `${nic.device} ▶ ${nic.name}`).join(', ');
  const path = [devices, plural(Number(config.queues), 'queue'), plural(Number(config.cpus), 'CPU')].join(' ▶ ');
  return `${path}, ${config.mode} mode  ${paint.dim(`(softirq ${version}, Node.js ${node})`)}`;
}

/** The answer to "and, how fast is it?". */
function headline({ stack, durationSeconds, rates, conservation }: Snapshot, paint: Paint): readonly string[] {
  const { dropped, offered } = conservation;
  const loss = dropped === 0 ? paint.good('nothing dropped') : paint.bad(`${percent(dropped, offered)} dropped`);
  const delivered = `${count(stack.delivered)} packets delivered in ${seconds(durationSeconds)}`;
  const pps = paint.bold(rate(rates.deliveredPps, 'pps'));
  return [`${delivered}: ${pps}, ${bitRate(stack.deliveredBytes, durationSeconds)}, ${loss}`];
}

function bitRate(bytes: number, overSeconds: number): string {
  return rate(per(8 * bytes, overSeconds), 'bit/s');
}

function packets({ nics, stack, rates, conservation, config }: Snapshot, paint: Paint): readonly string[] {
  const { offered } = conservation;
  const drops = dropsByReason({ nics, stack });
  const pauses = nics.reduce((sum, nic) => sum + nic.pauses, 0);
  const remark = config.full === 'wait' ? `source held ${plural(pauses, 'time')}: no buffer was posted` : '';
  const rows = list([
    ['offered', count(offered), [rate(rates.offeredPps, 'pps'), remark].filter(Boolean).join(', ')],
    ['delivered', count(stack.delivered), rate(rates.deliveredPps, 'pps')],
    ...drops.map(([reason, n]) => [`dropped: ${reason}`, count(n), percent(n, offered)] as const),
    ['in flight', count(conservation.inFlight)],
  ]);
  return rows.map((row) => (row.startsWith('dropped') ? paint.bad(row) : row));
}

function dropsByReason({ nics, stack }: Pick<Snapshot, 'nics' | 'stack'>): readonly (readonly [string, number])[] {
  const missed = nics.reduce((sum, nic) => sum + nic.rxMissedErrors, 0);
  const malformed = Object.values(stack.malformed).reduce((sum, n) => sum + n, 0);
  const all = [['rxMissedErrors', missed], ['malformed', malformed], ...Object.entries(stack.dropped)] as const;
  return all.filter(([, n]) => n > 0);
}

function napi({ nics, rates }: Snapshot): readonly string[] {
  const total = (of: (queue: QueueSnapshot) => number) =>
    nics.flatMap((nic) => nic.queues).reduce((sum, queue) => sum + of(queue), 0);
  const polls = total((queue) => queue.polls);
  const outcome = (name: string, n: number) => [`  ${name}`, count(n), percent(n, polls)] as const;
  const interrupts = ['interrupts', count(total((queue) => queue.irqs)), perPacket(rates.irqsPerPacket)] as const;
  if (polls === 0) return list([interrupts]);
  return list([
    interrupts,
    ['polls', count(polls), `${digits(rates.packetsPerPoll)} packets per poll`],
    outcome('full budget, polled again', total((queue) => queue.fullBudgetPolls)),
    outcome('completed, interrupt back on', total((queue) => queue.completions)),
    outcome('missed, polled again', total((queue) => queue.missedReschedules)),
  ]);
}

function queues({ nics }: Snapshot, paint: Paint): readonly string[] {
  const heading = 'queue irqLine cpu rxPackets rxMissedErrors irqs polls completions fullBudget missed'.split(' ');
  const rows = nics.flatMap(({ name, queues }) =>
    queues.map((queue) => [
      `${name}/${queue.id}`,
      String(queue.irqLine),
      String(queue.cpu),
      ...[queue.rxPackets, queue.rxMissedErrors, queue.irqs, queue.polls].map(count),
      ...[queue.completions, queue.fullBudgetPolls, queue.missedReschedules].map(count),
    ]),
  );
  return table(heading, rows, paint);
}

function cpus({ cpus, nics, durationSeconds }: Snapshot, paint: Paint): readonly string[] {
  const heading = 'role tid hardirqs netRx processed dropped timeSqueeze ksoftirqd sleeps busy'.split(' ');
  const busy = (cpuSeconds: number | null) =>
    cpuSeconds === null ? UNKNOWN : `${Math.round(100 * per(cpuSeconds, durationSeconds))} %`;
  const row = (cpu: CpuSnapshot) => [
    `cpu${cpu.id}`,
    String(cpu.tid ?? UNKNOWN),
    ...[cpu.hardirqs, cpu.netRxSoftirqs, cpu.processed, cpu.dropped].map(count),
    ...[cpu.timeSqueeze, cpu.ksoftirqdRuns, cpu.sleeps].map(count),
    busy(cpu.cpuSeconds),
  ];
  const nicRow = (name: string, cpuSeconds: number | null) => [name, ...Array(8).fill(''), busy(cpuSeconds)];
  return table(heading, [...cpus.map(row), ...nics.map((nic) => nicRow(nic.name, nic.cpuSeconds))], paint);
}

function named(counts: Readonly<Record<string, number>>, whole: number): readonly string[] {
  const some = Object.entries(counts).filter(([, n]) => n > 0);
  return list(some.map(([name, n]) => [name, count(n), percent(n, whole)] as const));
}

function checks({ conservation, noise }: Snapshot, paint: Paint): readonly string[] {
  const { offered, delivered, dropped, inFlight, holds } = conservation;
  const law = 'offered = delivered + dropped + in flight';
  const sum = `${count(offered)} = ${count(delivered)} + ${count(dropped)} + ${count(inFlight)}`;
  const verdict = { true: paint.good('holds'), false: paint.bad('BROKEN'), null: 'not known while traffic runs' };
  const switches = noise.involuntarySwitches;
  const taken = switches === null ? '' : `, ${count(switches)} involuntary context switches`;
  return [
    `${paint.bold('conservation')}  ${law}: ${verdict[`${holds}`]}  ${paint.dim(`(${sum})`)}`,
    `${paint.bold('noise')}         load average ${noise.loadAverage.toFixed(2)}${taken}`,
  ];
}

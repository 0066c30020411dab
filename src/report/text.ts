// Cold. Runs on: main.
// The summary of a run for people: what was run, what came of it, then how. Counters keep the kernel's names.

import type {
  CpuSnapshot,
  NicSnapshot,
  QueueSnapshot,
  Snapshot,
  ThreadSnapshot,
} from '../coordinator/snapshot-types.js';
import { flowTable } from './flows.js';
import { type Paint, PLAIN } from './paint.js';
import { protocols } from './protocols.js';
import { list, table } from './table.js';
import { bitRate, count, digits, percent, perPacket, plural, rate, seconds, sum } from './units.js';

const INDENT = '  ';
const UNKNOWN = '–';

type NotOfPolls = 'id' | 'irqLine' | 'cpu' | 'napiId' | 'threaded' | 'rxPackets' | 'rxMissedErrors' | 'lostWithCpu';
type PollCounter = Exclude<keyof QueueSnapshot, NotOfPolls>;

/** The whole summary, several lines, with a newline at the end. */
export function summary(snapshot: Snapshot, paint: Paint = PLAIN): string {
  const sections = [
    [title(snapshot, paint)],
    headline(snapshot, paint),
    section('packets', packets(snapshot, paint), paint),
    section('capture', capture(snapshot), paint),
    section('interrupts and polls', napi(snapshot), paint),
    section('queues', queues(snapshot, paint), paint),
    section('threads', threads(snapshot, paint), paint),
    section('tasks', tasks(snapshot, paint), paint),
    section('protocols', protocols(snapshot.stack), paint),
    section('largest flows', flowTable(snapshot, paint), paint),
    section('malformed, dropped', named(snapshot.stack.malformed, snapshot.conservation.offered), paint),
    section('recorded', recorded(snapshot), paint),
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
  const { dropped, offered, lostWithCpu } = conservation;
  const kept = lostWithCpu === 0 ? '' : `, ${paint.bad(`${plural(lostWithCpu, 'packet')} lost with CPUs`)}`;
  const dropping = dropped === 0 ? paint.good('nothing dropped') : paint.bad(`${percent(dropped, offered)} dropped`);
  const loss = `${dropping}${kept}`;
  const delivered = `${plural(stack.delivered, 'packet')} delivered in ${seconds(durationSeconds)}`;
  const pps = paint.bold(rate(rates.deliveredPps, 'pps'));
  return [`${delivered}: ${pps}, ${bitRate(stack.deliveredBytes, durationSeconds)}, ${loss}`];
}

function packets({ nics, stack, rates, conservation, config }: Snapshot, paint: Paint): readonly string[] {
  const { offered } = conservation;
  const drops = dropsByReason({ nics, stack });
  const pauses = sum(nics.map((nic) => nic.pauses));
  const remark =
    config.full === 'wait' && pauses > 0 ? `source held ${plural(pauses, 'time')}: no buffer was posted` : '';
  const rows = list([
    ['offered', count(offered), [rate(rates.offeredPps, 'pps'), remark].filter(Boolean).join(', ')],
    ['delivered', count(stack.delivered), rate(rates.deliveredPps, 'pps')],
    ...drops.map(([reason, n]) => [`dropped: ${reason}`, count(n), percent(n, offered)] as const),
    ...(conservation.lostWithCpu === 0 ? [] : [['lost with CPUs', count(conservation.lostWithCpu)] as const]),
    ['in flight', count(conservation.inFlight)],
  ]);
  return rows.map((row) => (row.startsWith('dropped') ? paint.bad(row) : row));
}

function dropsByReason({ nics, stack }: Pick<Snapshot, 'nics' | 'stack'>): readonly (readonly [string, number])[] {
  const missed = sum(nics.map((nic) => nic.rxMissedErrors));
  const malformed = sum(Object.values(stack.malformed));
  const bad = sum(nics.map((nic) => nic.rxLengthErrors));
  const all = [
    ['rx_missed_errors', missed],
    ['rx_length_errors', bad],
    ['malformed', malformed],
    ...Object.entries(stack.dropped),
  ] as const;
  return all.filter(([, n]) => n > 0);
}

/** What is uncommon about it. */
function capture({ nics }: Snapshot): readonly string[] {
  const rows = nics.flatMap(({ capture }) => {
    if (capture === null) return [];
    const { packets, sliced, backwardTimestamps, skippedBlocks } = capture;
    return [
      ['sliced', sliced, percent(sliced, packets)],
      ['backward timestamps', backwardTimestamps, percent(backwardTimestamps, packets)],
      ['blocks skipped', skippedBlocks, ''],
    ] as const;
  });
  return list(rows.filter(([, n]) => n > 0).map(([name, n, part]) => [name, count(n), part] as const));
}

function napi({ nics, cpus, rates }: Snapshot): readonly string[] {
  const total = (counter: PollCounter) => sum(nics.flatMap((nic) => nic.queues.map((queue) => queue[counter])));
  const polls = total('polls');
  const outcome = (name: string, n: number) => [`  ${name}`, count(n), percent(n, polls)] as const;
  /** Only where somebody defers interrupts, or busy-polls. */
  const rare = (name: string, n: number) => (n === 0 ? [] : [outcome(name, n)]);
  const interrupts = ['interrupts', count(total('irqs')), perPacket(rates.irqsPerPacket)] as const;
  if (polls === 0) return list([interrupts]);
  const timers = sum(cpus.map((cpu) => cpu.timerIrqs));
  const busy = sum(cpus.map((cpu) => cpu.busyPollRxPackets));
  const ofPackets = `${percent(busy, sum(nics.map((nic) => nic.rxPackets)))} of the packets`;
  return list([
    interrupts,
    ...(timers === 0 ? [] : [['timer interrupts', count(timers)] as const]),
    ['polls', count(polls), `${digits(rates.packetsPerPoll)} packets per poll`],
    outcome('full budget, polled again', total('fullBudgetPolls')),
    outcome('completed, interrupt back on', total('completions')),
    outcome('missed, polled again', total('missedReschedules')),
    ...rare('deferred, interrupt still off', total('deferredPolls')),
    ...rare('not asked for by an interrupt', total('unaskedPolls')),
    ...(busy === 0 ? [] : [['by busy polling', count(busy), ofPackets] as const]),
  ]);
}

function queues({ nics }: Snapshot, paint: Paint): readonly string[] {
  const rows = nics.flatMap(({ name, queues }) =>
    queues.map((queue) => [
      `${name}/${queue.id}`,
      String(queue.irqLine),
      `cpu${queue.cpu}`,
      ...[queue.rxPackets, queue.rxMissedErrors, queue.irqs, queue.polls].map(count),
    ]),
  );
  return table('queue line on rx_packets rx_missed_errors irqs polls'.split(' '), rows, paint);
}

function threads({ cpus, nics, threads }: Snapshot, paint: Paint): readonly string[] {
  const counters = 'hardirqs NET_RX processed dropped time_squeeze ksoftirqd sleeps'.split(' ');
  const used = (cpuSeconds: number | null) => (cpuSeconds === null ? UNKNOWN : seconds(cpuSeconds));
  const cpuRow = (cpu: CpuSnapshot) => [
    cpu.online ? `cpu${cpu.id}` : `cpu${cpu.id} (offline)`,
    used(cpu.cpuSeconds),
    ...[cpu.hardirqs, cpu.netRxSoftirqs, cpu.processed, cpu.dropped].map(count),
    ...[cpu.timeSqueeze, cpu.ksoftirqdRuns, cpu.sleeps].map(count),
  ];
  const nicRow = (nic: NicSnapshot) => [nic.name, used(nic.cpuSeconds), ...counters.map(() => '')];
  const otherRow = ({ name, cpuSeconds, processed, sleeps }: ThreadSnapshot) => {
    const cells = counters.map((counter) => ({ processed: count(processed), sleeps: count(sleeps) })[counter] ?? '');
    return [name, used(cpuSeconds), ...cells];
  };
  const rows = [...nics.map(nicRow), ...cpus.map(cpuRow), ...threads.map(otherRow)];
  return table(['thread', 'CPU time', ...counters], rows, paint);
}

function tasks({ tasks, cpus }: Snapshot, paint: Paint): readonly string[] {
  const rows = tasks.map(({ name, cpu, steps, cpuSeconds }) => {
    const whole = cpus[cpu]?.cpuSeconds ?? 0;
    return [name, `cpu${cpu}`, count(steps), seconds(cpuSeconds), whole > 0 ? percent(cpuSeconds, whole) : UNKNOWN];
  });
  return rows.length === 0 ? [] : table(['task', 'on', 'steps', 'CPU time', 'of its CPU'], rows, paint);
}

function named(counts: Readonly<Record<string, number>>, whole: number): readonly string[] {
  const some = Object.entries(counts).filter(([, n]) => n > 0);
  return list(some.map(([name, n]) => [name, count(n), percent(n, whole)] as const));
}

function recorded({ recordings }: Snapshot): readonly string[] {
  return list(
    recordings.map(
      ({ path, packets, bytes }) =>
        [path, count(packets), `packet${packets === 1 ? '' : 's'}, ${rate(bytes, 'B')}`] as const,
    ),
  );
}

function checks({ conservation, noise }: Snapshot, paint: Paint): readonly string[] {
  const verdict = { true: paint.good('holds'), false: paint.bad('BROKEN'), null: 'not known while traffic runs' };
  const switches = noise.involuntarySwitches;
  const taken = switches === null ? '' : `, ${plural(switches, 'involuntary context switch', 'es')}`;
  const lost = conservation.lostWithCpu === 0 ? '' : ' + lost with CPUs';
  const law = `offered = delivered + dropped${lost} + in flight: ${verdict[`${conservation.holds}`]}`;
  return [
    `${paint.bold('conservation')}  ${law}`,
    `${paint.bold('noise')}         load average ${noise.loadAverage.toFixed(2)}${taken}`,
  ];
}

// Cold. Runs on: main.
// What happens now, in one line: the difference of two snapshots over the time between them.

import type { Snapshot } from '../coordinator/snapshot-types.js';
import { type Paint, PLAIN } from './paint.js';
import { bitRate, digits, per, rate, short, sum } from './units.js';

/** A snapshot, and when it was taken. */
export interface Sample {
  /** Since the start of traffic. */
  readonly atSeconds: number;
  readonly snapshot: Snapshot;
}

interface Field {
  /** Padded to a width that the field keeps, so that the line does not jump about. */
  readonly text: string;
  readonly paint: (text: string) => string;
  /** May be left out where the terminal is narrow. */
  readonly spare: boolean;
}

const GAP = '  ';

/**
 * Elapsed time, packets and bits per second, interrupts per second, packets per poll, drops so far; at most `columns` wide.
 * 80 columns take all but the bits.
 */
export function liveLine(before: Sample, now: Sample, columns = 100, paint: Paint = PLAIN): string {
  const all = fieldsOf(before, now, paint);
  const fields = plain(all).length <= columns ? all : all.filter(({ spare }) => !spare);
  const line = plain(fields);
  return line.length <= columns ? join(fields.map(({ text, paint }) => paint(text))) : line.slice(0, columns);
}

function fieldsOf(before: Sample, now: Sample, paint: Paint): readonly Field[] {
  const interval = now.atSeconds - before.atSeconds;
  const [was, is] = [totals(before.snapshot), totals(now.snapshot)];
  const polls = is.polls - was.polls;
  const perPoll = polls > 0 ? digits((is.taken - was.taken) / polls) : '–';
  return [
    field(elapsed(now), 11),
    field(rate(per(is.delivered - was.delivered, interval), 'pps'), 9, paint.bold),
    field(bitRate(is.bytes - was.bytes, interval), 11, same, true),
    field(`${short(per(is.irqs - was.irqs, interval))} irqs/s`, 13),
    field(`${perPoll} packets/poll`, 17),
    field(`${short(is.drops)} dropped`, 0, is.drops > 0 ? paint.bad : paint.dim),
  ];
}

const same = (text: string) => text;

function field(text: string, width: number, paint = same, spare = false): Field {
  return { text: text.padStart(width), paint, spare };
}

const join = (texts: readonly string[]) => texts.join(GAP);
const plain = (fields: readonly Field[]) => join(fields.map(({ text }) => text));

function elapsed({ atSeconds, snapshot }: Sample): string {
  const { duration } = snapshot.config;
  return typeof duration === 'number' ? `${atSeconds.toFixed(1)} of ${duration} s` : `${atSeconds.toFixed(1)} s`;
}

function totals({ nics, cpus, stack }: Snapshot) {
  const queues = nics.flatMap((nic) => nic.queues);
  return {
    delivered: stack.delivered,
    bytes: stack.deliveredBytes,
    irqs: sum(nics.map((nic) => nic.irqs)),
    taken: sum(cpus.map((cpu) => cpu.processed)),
    polls: sum(queues.map((queue) => queue.polls)),
    // Counted where they happen: conservation.dropped is their sum too, but belongs to a machine at rest.
    drops: sum([
      ...nics.flatMap((nic) => [nic.rxMissedErrors, nic.rxLengthErrors]),
      ...Object.values(stack.malformed),
      ...Object.values(stack.dropped),
    ]),
  };
}

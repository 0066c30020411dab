// Cold. Runs on: main.
// The largest flows: numbers first and the two ends last, so that long addresses break no column.

import type { FlowSnapshot, Snapshot, TopFlowsSnapshot } from '../coordinator/snapshot-types.js';
import type { Paint } from './paint.js';
import { table } from './table.js';
import { bitRate, count, percent, plural, rate } from './units.js';

const GAP = '  ';
const ARROW = '▶ ';
/** The longest that an end is over IPv4. Both ends stand in one line if neither is longer, else in two. */
const END_MAX = '255.255.255.255:65535'.length;

/** @returns no line when flows were not counted */
export function flowTable({ stack, durationSeconds }: Snapshot, paint: Paint): readonly string[] {
  const { topFlows, deliveredBytes } = stack;
  if (topFlows === null) return [];
  const { flows } = topFlows;
  const rows = flows.map(({ bytes, error, packets }) => {
    const atLeast = error > 0 ? '≥' : '';
    const certain = bytes - error;
    return [
      atLeast + rate(certain, 'B'),
      percent(certain, deliveredBytes),
      bitRate(certain, durationSeconds),
      atLeast + count(packets),
    ];
  });
  const [heading, ...lines] = table(['bytes', 'share', 'rate', 'packets'], rows, paint);
  const described = flows.length === 0 ? [] : [`${heading}${GAP}${paint.dim('flow')}`, ...beside(lines, flows)];
  return [...described, ...remarks(topFlows).map((remark) => paint.dim(remark))];
}

/** Puts protocol and ends behind the numbers; arrows between ends stand one below the other. */
function beside(numbers: readonly string[], flows: readonly FlowSnapshot[]): readonly string[] {
  const protocols = Math.max(...flows.map(({ protocol }) => protocol.length));
  const ends = flows.map(endsOf);
  const sources = Math.max(0, ...ends.filter(isShort).map(([source]) => source.length));
  return flows.flatMap(({ protocol }, index) => {
    const [source, destination] = ends[index]!;
    const line = [numbers[index]!, protocol.padEnd(protocols), ''].join(GAP);
    if (isShort(ends[index]!)) return [`${line}${source.padEnd(sources)} ${ARROW}${destination}`];
    return [`${line}${source}`, `${ARROW.padStart(line.length)}${destination}`];
  });
}

type Ends = readonly [source: string, destination: string];

function endsOf({ source, sourcePort, destination, destinationPort }: FlowSnapshot): Ends {
  return [endOf(source, sourcePort), endOf(destination, destinationPort)];
}

function isShort([source, destination]: Ends): boolean {
  return Math.max(source.length, destination.length) <= END_MAX;
}

/** `10.0.0.1:53`, `[2001:db8::1]:53` (RFC 5952, 6), and the address alone where there is no port. */
function endOf(address: string, port: number): string {
  if (port === 0) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function remarks({ flows, held, noFlow, evictions }: TopFlowsSnapshot): readonly string[] {
  const others = noFlow === 0 ? '' : `; ${plural(noFlow, 'packet')} without IP ${noFlow === 1 ? 'is' : 'are'} of none`;
  const whole = held === flows.length ? plural(held, 'flow') : `${count(flows.length)} of ${plural(held, 'flow')}`;
  if (evictions === 0) return [`${whole}${others}`];
  const times = `≥ at least: ${plural(evictions, 'time')} a flow took the place of a smaller one in the full table`;
  return [`${whole} in the table${others}`, times];
}

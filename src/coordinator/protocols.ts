// Cold. Runs on: main.
// From the tallies of all CPUs to what a snapshot tells of protocols.

import { ICMP_TYPE_NAMES, ICMPV6_TYPE_NAMES, PROTOCOL_NAMES, TCP_FLAG_NAMES } from '../memory/counters.js';
import type { Views } from '../memory/views.js';
import { type Path, readTallies } from '../net/tally.js';
import type { ProtocolNode, StackSnapshot } from './snapshot-types.js';

type Protocols = Pick<StackSnapshot, 'protocols' | 'protocolTree' | 'tcpFlags' | 'icmpTypes' | 'icmpv6Types'>;

export function readProtocols(views: Views, cpus: readonly { readonly tally: number }[]): Protocols {
  const tallies = cpus.map(({ tally }) => tally);
  const { paths, tcpFlags, icmpTypes, icmpv6Types } = readTallies(views, tallies);
  return {
    protocols: Object.fromEntries(PROTOCOL_NAMES.map((name, bit) => [name, framesWith(paths, bit)])),
    protocolTree: treeOf('ethernet', paths, 0),
    tcpFlags: Object.fromEntries(TCP_FLAG_NAMES.map((name, bit) => [name, tcpFlags[bit]!])),
    icmpTypes: byType(icmpTypes, ICMP_TYPE_NAMES),
    icmpv6Types: byType(icmpv6Types, ICMPV6_TYPE_NAMES),
  };
}

function framesWith(paths: readonly Path[], bit: number): number {
  return sum(paths.filter((path) => hasBit(path, bit)).map(({ frames }) => frames));
}

/** A path is walked from its lowest bit up, which is the order on the wire. @param from the lowest bit below the node */
function treeOf(name: string, paths: readonly Path[], from: number): ProtocolNode {
  const next = (path: Path) => PROTOCOL_NAMES.findIndex((_, bit) => bit >= from && hasBit(path, bit));
  const children = PROTOCOL_NAMES.flatMap((child, bit) => {
    const below = paths.filter((path) => next(path) === bit);
    return below.length === 0 ? [] : [treeOf(child, below, bit + 1)];
  });
  const [frames, bytes] = [sum(paths.map((path) => path.frames)), sum(paths.map((path) => path.bytes))];
  return { name, frames, bytes, children };
}

/** Those with a name, and those without that were seen, by number. */
function byType(counts: readonly number[], names: Readonly<Record<number, string>>): Record<string, number> {
  const told = counts.map((count, type) => [names[type] ?? `type${type}`, count, type] as const);
  const shown = told.filter(([, count, type]) => count > 0 || names[type] !== undefined);
  return Object.fromEntries(shown.map(([name, count]) => [name, count]));
}

function hasBit({ protocol }: Path, bit: number): boolean {
  return (protocol & (1 << bit)) !== 0;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

// Cold. Runs on: main.
// What the delivered packets were made of: a tree as `tshark -z io,phs` has it, then TCP flags and ICMP types.

import type { ProtocolNode, StackSnapshot } from '../coordinator/snapshot-types.js';
import { count, percent } from './units.js';

const INDENT = '  ';
const GAP = '  ';
const COLUMNS = 96;

export function protocols(stack: StackSnapshot): readonly string[] {
  if (stack.protocolTree.frames === 0) return [];
  return [
    ...tree(stack.protocolTree),
    ...seen('TCP flags', stack.tcpFlags),
    ...seen('ICMP', stack.icmpTypes),
    ...seen('ICMPv6', stack.icmpv6Types),
  ];
}

function tree(root: ProtocolNode): string[] {
  const rows = nodes(root, '').map(([name, { frames, bytes }]) => [
    name,
    count(frames),
    percent(frames, root.frames),
    `${count(bytes)} bytes`,
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map(([name, ...cells]) =>
    [name!.padEnd(widths[0]!), ...cells.map((cell, i) => cell.padStart(widths[i + 1]!))].join(GAP),
  );
}

/** Each under its parent, and further in. */
function nodes(node: ProtocolNode, indent: string): [name: string, node: ProtocolNode][] {
  return [[indent + node.name, node], ...node.children.flatMap((child) => nodes(child, indent + INDENT))];
}

/** Those that were seen, in as few lines as hold them. */
function seen(label: string, counts: Readonly<Record<string, number>>): string[] {
  const cells = Object.entries(counts).flatMap(([name, n]) => (n > 0 ? [`${name} ${count(n)}`] : []));
  const lines: string[] = [];
  for (const cell of cells) {
    const last = lines.at(-1);
    const isFull = last === undefined || last.length + GAP.length + cell.length > COLUMNS;
    if (isFull) lines.push((last === undefined ? label : '').padEnd('TCP flags'.length) + GAP + cell);
    else lines[lines.length - 1] = last + GAP + cell;
  }
  return lines;
}

// Cold. Runs on: main.
// The recordings, by the table in their README.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const FIXTURES = fileURLToPath(new URL('../../../test/fixtures/', import.meta.url));

export interface Fixture {
  readonly name: string;
  readonly path: string;
  /** `pcap, ns`. */
  readonly format: string;
  /** In the order of their first packets. */
  readonly linkTypes: readonly string[];
  readonly packets: number;
  /** Stored bytes of all packets, without the file's own headers. */
  readonly bytes: number;
  /** Packets by tshark's name of a protocol in them. */
  readonly holds: ReadonlyMap<string, number>;
}

export function listFixtures(): Fixture[] {
  const lines = readFileSync(`${FIXTURES}README.md`, 'utf8').split('\n');
  return lines.filter((line) => line.startsWith('| `')).map(fixtureOf);
}

function fixtureOf(line: string): Fixture {
  const [name = '', format = '', linkTypes = '', packets = '', bytes = '', holds = ''] = line
    .slice(2, -2)
    .replaceAll('`', '')
    .split(' | ');
  const counts = holds.split(', ').map((count): [string, number] => {
    const [protocol = '', number = ''] = count.split(' ');
    return [protocol, Number(number)];
  });
  const path = FIXTURES + name;
  return {
    name,
    path,
    format,
    linkTypes: linkTypes.split(', '),
    packets: Number(packets),
    bytes: Number(bytes),
    holds: new Map(counts),
  };
}

/** The captures that lie in the folder. */
export function captureNames(): string[] {
  return readdirSync(FIXTURES).filter((name) => /\.(pcap|pcapng|gz)$/.test(name));
}

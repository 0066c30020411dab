// Cold. Runs on: main.
// What a snapshot tells of protocols, from tallies; and that tshark counts the same.

import { fileURLToPath } from 'node:url';
import t from 'tap';
import {
  COUNT_BYTES,
  COUNT_OF_BYTES,
  COUNT_OF_FRAMES,
  PROTOCOL_IPV4,
  PROTOCOL_IPV4_OPTIONS,
  PROTOCOL_OTHER_IP,
  PROTOCOL_QINQ,
  PROTOCOL_UDP,
  PROTOCOL_VLAN,
  TALLY_BYTES,
  TALLY_COUNTS,
  TALLY_ICMP_TYPES,
  TALLY_ICMPV6_TYPES,
  TALLY_TCP_FLAGS,
} from '../../src/bursts/layout.js';
import { readProtocols } from '../../src/coordinator/protocols.js';
import { type ProtocolNode, startHost } from '../../src/index.js';
import { PROTOCOL_NAMES } from '../../src/memory/counters.js';
import type { Views } from '../../src/memory/views.js';
import { space } from '../memory/space.js';
import { hierarchy, NO_TSHARK } from '../tshark.js';

const CAPTURE = fileURLToPath(new URL('../../../test/fixtures/first-light.pcap', import.meta.url));
const CPUS = [{ tally: 64 }, { tally: 64 + TALLY_BYTES }];

/** As classify() would leave it; which slot a path has does not matter to readers. */
function writePath({ words, doubles }: Views, cpu: number, slot: number, path: number, frames: number, bytes: number) {
  const { tally } = CPUS[cpu]!;
  words[tally / 4 + slot] = path;
  const counts = tally + TALLY_COUNTS + slot * COUNT_BYTES;
  doubles[(counts + COUNT_OF_FRAMES) / 8] = frames;
  doubles[(counts + COUNT_OF_BYTES) / 8] = bytes;
}

const leaf = (name: string, frames: number, bytes: number) => ({ name, frames, bytes, children: [] });

t.test('paths of all CPUs make one tree, in the order of headers', async (t) => {
  const views = space(64 + 2 * TALLY_BYTES);
  writePath(views, 0, 2047, PROTOCOL_IPV4 | PROTOCOL_UDP, 3, 300);
  writePath(views, 1, 0, PROTOCOL_IPV4 | PROTOCOL_UDP, 4, 401);
  writePath(views, 1, 1, PROTOCOL_IPV4 | PROTOCOL_IPV4_OPTIONS | PROTOCOL_UDP, 1, 100);
  writePath(views, 0, 1, PROTOCOL_VLAN | PROTOCOL_QINQ | PROTOCOL_IPV4 | PROTOCOL_OTHER_IP, 2, 200);
  writePath(views, 0, 3, PROTOCOL_IPV4, 1, 50);
  writePath(views, 0, 4, PROTOCOL_VLAN, 0, 0); // taken back
  const { protocols, protocolTree } = readProtocols(views, CPUS);
  const ip = { name: 'ipv4', frames: 2, bytes: 200, children: [leaf('otherIp', 2, 200)] };
  const options = { name: 'ipv4Options', frames: 1, bytes: 100, children: [leaf('udp', 1, 100)] };
  t.strictSame(protocolTree, {
    name: 'ethernet',
    frames: 11,
    bytes: 1051,
    children: [
      { name: 'vlan', frames: 2, bytes: 200, children: [{ name: 'qinq', frames: 2, bytes: 200, children: [ip] }] },
      { name: 'ipv4', frames: 9, bytes: 851, children: [options, leaf('udp', 7, 701)] },
    ],
  });
  t.strictSame(Object.keys(protocols), [...PROTOCOL_NAMES]);
  t.match(protocols, { vlan: 2, qinq: 2, ipv4: 11, ipv4Options: 1, udp: 8, otherIp: 2, tcp: 0 });
});

t.test('flags and types by name, and by number where there is none', async (t) => {
  const views = space(64 + 2 * TALLY_BYTES);
  for (const { tally } of CPUS) {
    views.doubles[(tally + TALLY_TCP_FLAGS) / 8 + 1] = 5;
    views.doubles[(tally + TALLY_ICMP_TYPES) / 8 + 8] = 2;
    views.doubles[(tally + TALLY_ICMP_TYPES) / 8 + 42] = 1;
    views.doubles[(tally + TALLY_ICMPV6_TYPES) / 8 + 255] = 7;
  }
  const { tcpFlags, icmpTypes, icmpv6Types } = readProtocols(views, CPUS);
  t.strictSame(tcpFlags, { fin: 0, syn: 10, rst: 0, psh: 0, ack: 0, urg: 0, ece: 0, cwr: 0 });
  t.match(icmpTypes, { echoRequest: 4, echoReply: 0, type42: 2 });
  t.notOk('type43' in icmpTypes);
  t.match(icmpv6Types, { neighborSolicitation: 0, type255: 14 });
});

t.test('nothing seen', async (t) => {
  const { protocolTree } = readProtocols(space(64 + 2 * TALLY_BYTES), CPUS);
  t.strictSame(protocolTree, leaf('ethernet', 0, 0));
});

/** Ours by tshark's names. */
const TSHARK: Record<string, string> = { ethernet: 'eth', ipv4: 'ip' };

function flat({ name, frames, bytes, children }: ProtocolNode, above = ''): string[] {
  const path = `${above}/${TSHARK[name] ?? name}`;
  return [`${path} ${frames} ${bytes}`, ...children.flatMap((child) => flat(child, path))];
}

/** tshark's tree down to where ours ends. */
function flatOfTshark(): string[] {
  const known = new Set(['eth', 'ip', ...PROTOCOL_NAMES]);
  const above: string[] = [];
  return hierarchy(CAPTURE).flatMap(({ depth, name, frames, bytes }) => {
    above.length = depth;
    above.push(name);
    return above.every((name) => known.has(name)) ? [`/${above.join('/')} ${frames} ${bytes}`] : [];
  });
}

t.test('first-light.pcap: the tree is that of tshark -z io,phs', { skip: NO_TSHARK }, async (t) => {
  const host = await startHost({ device: `pcap:${CAPTURE}`, cpus: 1, verifyL4: true });
  const { stack } = await host.done;
  const expected = flatOfTshark();
  t.ok(expected.length > 10);
  t.same(flat(stack.protocolTree).sort(), expected.sort());
});

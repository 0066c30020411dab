// Cold. Runs on: main.

import t from 'tap';
import { protocols } from '../../src/report/protocols.js';
import { sample } from './sample.js';

const { stack } = sample;

t.test('a tree: names by depth, figures aligned', async (t) => {
  const udp = { name: 'udp', frames: 900, bytes: 54_000, children: [] };
  const arp = { name: 'arp', frames: 100, bytes: 6000, children: [] };
  const ipv4 = { name: 'ipv4', frames: 900, bytes: 54_000, children: [udp] };
  const protocolTree = { name: 'ethernet', frames: 1000, bytes: 60_000, children: [arp, ipv4] };
  t.strictSame(protocols({ ...stack, protocolTree }), [
    'ethernet  1,000   100 %  60,000 bytes',
    '  arp       100  10.0 %   6,000 bytes',
    '  ipv4      900  90.0 %  54,000 bytes',
    '    udp     900  90.0 %  54,000 bytes',
  ]);
});

t.test('flags and types that were seen', async (t) => {
  const lines = protocols({
    ...stack,
    tcpFlags: { fin: 2, syn: 0, ack: 1200 },
    icmpTypes: { echoReply: 0, echoRequest: 7 },
  });
  t.strictSame(lines.slice(3), ['TCP flags  fin 2  ack 1,200', 'ICMP       echoRequest 7']);
});

t.test('as many lines as they need', async (t) => {
  const icmpv6Types = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`type${i}`, 1_000_000]));
  const lines = protocols({ ...stack, icmpv6Types }).slice(3);
  t.ok(lines.length > 3);
  t.ok(lines.every((line) => line.length <= 96));
  t.match(lines[0], /^ICMPv6 {5}type0 1,000,000 {2}type1 /);
  t.match(lines[1], /^ {11}type\d+ 1,000,000/);
  t.equal(lines.join(' ').match(/type\d+/g)?.length, 30);
});

t.test('nothing before any traffic', async (t) => {
  t.same(protocols({ ...stack, protocolTree: { name: 'ethernet', frames: 0, bytes: 0, children: [] } }), []);
});

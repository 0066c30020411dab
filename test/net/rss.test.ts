// Cold. Runs on: main.
// Toeplitz against the published vectors, by definition and by tables, over real frames.

import t from 'tap';
import {
  FRAME_ADDRESS,
  FRAME_COUNTER,
  FRAME_LENGTH,
  OFFER_HASH,
  OFFER_QUEUE,
  RSS_INDIRECTION,
} from '../../src/bursts/layout.js';
import { RSS_KEY, toeplitz, writeRssTables } from '../../src/net/rss.js';
import { ethernet, ipv4, ipv6, type Ports, pair, tcp, udp } from '../bursts/frames.js';
import { frameAddress, OFFERS, offerWord, RSS, recordWord, TABLE, type World, worlds } from '../bursts/world.js';

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const VLAN = 0x8100;
const ICMP_NUMBER = 1;
const TCP_NUMBER = 6;
const UDP_NUMBER = 17;
const QUEUES = 3;

interface Vector {
  readonly source: readonly number[];
  readonly destination: readonly number[];
  readonly ports: Ports;
  /** Over the addresses, and over addresses and ports. */
  readonly hashes: readonly [number, number];
}

function vector(source: string, from: number, destination: string, to: number, ...hashes: [number, number]): Vector {
  const ports = { source: from, destination: to };
  return { source: addressOf(source), destination: addressOf(destination), ports, hashes };
}

/** Dotted decimal, or eight groups of hexadecimal. */
function addressOf(text: string): number[] {
  if (text.includes('.')) return text.split('.').map(Number);
  return text.split(':').flatMap((group) => pair(Number.parseInt(group, 16)));
}

const IPV4_VECTORS = [
  vector('66.9.149.187', 2794, '161.142.100.80', 1766, 0x323e8fc2, 0x51ccc178),
  vector('199.92.111.2', 14230, '65.69.140.83', 4739, 0xd718262a, 0xc626b0ea),
  vector('24.19.198.95', 12898, '12.22.207.184', 38024, 0xd2d0a5de, 0x5c2b394a),
  vector('38.27.205.30', 48228, '209.142.163.6', 2217, 0x82989176, 0xafc7327f),
];
const IPV6_VECTORS = [
  vector('3ffe:2501:200:1fff:0:0:0:7', 2794, '3ffe:2501:200:3:0:0:0:1', 1766, 0x2cc18cd5, 0x40207d3d),
];

t.test('toeplitz by definition', async (t) => {
  for (const { source, destination, ports, hashes } of [...IPV4_VECTORS, ...IPV6_VECTORS]) {
    const addresses = [...source, ...destination];
    const all = [...addresses, ...pair(ports.source), ...pair(ports.destination)];
    t.equal(toeplitz(RSS_KEY, Uint8Array.from(addresses)), hashes[0]);
    t.equal(toeplitz(RSS_KEY, Uint8Array.from(all)), hashes[1]);
  }
  t.throws(() => toeplitz(RSS_KEY, new Uint8Array(37)), /key.length=40/);
});

function offerOne({ views, bursts }: World, frame: readonly number[]): { hash: number; queue: number } {
  views.bytes.set(frame, frameAddress(0));
  views.words[recordWord(0, FRAME_ADDRESS)] = frameAddress(0);
  views.words[recordWord(0, FRAME_LENGTH)] = frame.length;
  views.words[recordWord(0, FRAME_COUNTER)] = 0;
  bursts.offer(TABLE, 1, 0, 1, OFFERS, RSS);
  return { hash: views.words[offerWord(0, OFFER_HASH)]! >>> 0, queue: views.words[offerWord(0, OFFER_QUEUE)]! };
}

for (const world of worlds()) {
  const { name, views } = world;
  const hashOf = (frame: readonly number[]) => offerOne(world, frame).hash;
  writeRssTables(views, RSS, RSS_KEY, QUEUES);

  t.test(`${name}: IPv4 frames`, async (t) => {
    for (const { hashes, ports, ...addresses } of IPV4_VECTORS) {
      const packet = (header: number) => ipv4(TCP_NUMBER, tcp([], 20, ports), { ...addresses, header });
      t.equal(hashOf(ethernet(IPV4, packet(20))), hashes[1]);
      t.equal(hashOf(ethernet(IPV4, packet(60))), hashes[1], 'behind options');
      t.equal(hashOf(ethernet(IPV4, packet(20), [VLAN])), hashes[1], 'with a tag');
      t.equal(hashOf(ethernet(IPV4, packet(20), [VLAN, VLAN])), hashes[1], 'with two tags');
      t.equal(hashOf(ethernet(IPV4, packet(20), [VLAN, VLAN, VLAN])), 0, 'with three');
      t.equal(hashOf(ethernet(IPV4, ipv4(UDP_NUMBER, udp([], 8, ports), addresses))), hashes[1], 'UDP');
      t.equal(hashOf(ethernet(IPV4, ipv4(ICMP_NUMBER, tcp([], 20, ports), addresses))), hashes[0], 'no ports');
      const fragment = ipv4(UDP_NUMBER, udp([], 8, ports), { ...addresses, fragment: 0x2000 });
      t.equal(hashOf(ethernet(IPV4, fragment)), hashes[0], 'a fragment');
      t.equal(hashOf(ethernet(IPV4, packet(20)).slice(0, 37)), hashes[0], 'cut off within the ports');
      t.equal(hashOf(ethernet(IPV4, packet(20)).slice(0, 33)), 0, 'cut off within the addresses');
    }
  });

  t.test(`${name}: IPv6 frames`, async (t) => {
    for (const { hashes, ports, ...addresses } of IPV6_VECTORS) {
      t.equal(hashOf(ethernet(IPV6, ipv6(TCP_NUMBER, tcp([], 20, ports), addresses))), hashes[1]);
      t.equal(hashOf(ethernet(IPV6, ipv6(UDP_NUMBER, udp([], 8, ports), addresses), [VLAN])), hashes[1], 'with a tag');
      t.equal(hashOf(ethernet(IPV6, ipv6(58, [1, 2, 3, 4], addresses))), hashes[0], 'no ports');
    }
  });

  t.test(`${name}: anything else goes to the queue of hash 0`, async (t) => {
    t.same(offerOne(world, ethernet(0x0806, [])), { hash: 0, queue: 0 });
    t.same(offerOne(world, [0]), { hash: 0, queue: 0 });
  });

  t.test(`${name}: the queue is the indirection table's`, async (t) => {
    const { source, destination, ports } = IPV4_VECTORS[0]!;
    const frame = ethernet(IPV4, ipv4(TCP_NUMBER, tcp([], 20, ports), { source, destination }));
    t.equal(offerOne(world, frame).queue, (0x51ccc178 & 127) % QUEUES);
    views.words[(RSS + RSS_INDIRECTION) / 4 + (0x51ccc178 & 127)] = 77;
    t.equal(offerOne(world, frame).queue, 77);
  });
}

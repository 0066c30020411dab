// Cold. Runs on: main.
// Checksums over whole datagrams: which are verified, in how many buffers, and that every byte counts.

import t from 'tap';
import {
  BATCH_PASSED_BYTES,
  BUFFER_BYTES,
  ENTRY_BUFFER,
  ENTRY_LENGTH,
  ENTRY_NEXT,
  ENTRY_OFFSET,
  ENTRY_VERDICT,
  NO_BUFFER,
  VERDICT_PASS,
  VERDICT_TCP_CHECKSUM,
  VERDICT_UDP_CHECKSUM,
} from '../../src/bursts/layout.js';
import { Random } from '../../src/runtime/random.js';
import {
  ah,
  checksummed,
  ethernet,
  fragment,
  IPV4_DESTINATION,
  IPV4_SOURCE,
  IPV6_DESTINATION,
  IPV6_SOURCE,
  ipv4,
  ipv6,
  routing,
  tcp,
  udp,
} from './frames.js';
import { noise } from './random-frames.js';
import { BATCH, BUFFER_AREA, bufferAddress, entryWord, LINKS, TALLY, type World, worlds } from './world.js';

const UDP = 17;
const TCP = 6;
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const both = worlds();

/** Lays frames out in as many buffers as they need, the first from `offset` on, and verifies them. @returns verdicts */
function verdicts({ views, bursts }: World, frames: readonly (readonly number[])[], offset = 0): number[] {
  let buffer = 0;
  frames.forEach((frame, i) => {
    views.words[entryWord(i, ENTRY_BUFFER)] = buffer;
    views.words[entryWord(i, ENTRY_OFFSET)] = offset;
    views.words[entryWord(i, ENTRY_LENGTH)] = frame.length;
    let link = entryWord(i, ENTRY_NEXT);
    let room = BUFFER_BYTES - offset;
    views.bytes.set(frame.slice(0, room), bufferAddress(buffer) + offset);
    for (; room < frame.length; room += BUFFER_BYTES) {
      buffer += 2; // not the one behind
      views.bytes.set(frame.slice(room, room + BUFFER_BYTES), bufferAddress(buffer));
      views.words[link] = buffer;
      link = LINKS / 4 + buffer;
    }
    views.words[link] = NO_BUFFER;
    buffer += 2;
  });
  bursts.classify(BATCH, frames.length, BUFFER_AREA, TALLY);
  bursts.verify(BATCH, frames.length, BUFFER_AREA, LINKS, TALLY);
  return frames.map((_, i) => views.words[entryWord(i, ENTRY_VERDICT)]!);
}

function over4(number: number, datagram: readonly number[], fields: Parameters<typeof ipv4>[2] = {}): number[] {
  return ethernet(IPV4, ipv4(number, checksummed(number, datagram, IPV4_SOURCE, IPV4_DESTINATION), fields));
}

function over6(
  number: number,
  datagram: readonly number[],
  wrap = (datagram: readonly number[]) => ({ next: number, payload: [...datagram] }),
): number[] {
  const { next, payload } = wrap(checksummed(number, datagram, IPV6_SOURCE, IPV6_DESTINATION));
  return ethernet(IPV6, ipv6(next, payload));
}

t.test('any length, in one buffer and in several, from any offset', async (t) => {
  const random = new Random(1);
  const lengths = [0, 1, 2, 3, 15, 16, 17, 31, 32, 33, 1400, 1998, 2005, 2006, 2007, 4054, 4055, 6000, 9150];
  for (const world of both) {
    for (const offset of [0, 1, 2, 7]) {
      const payloads = lengths.map((length) => noise(random, length));
      const frames = payloads.flatMap((payload) => [over4(UDP, udp(payload)), over6(TCP, tcp(payload, 32))]);
      const found = verdicts(world, frames, offset);
      t.same([...new Set(found)], [VERDICT_PASS], `${world.name}, offset ${offset}`);
    }
  }
});

t.test('every bit counts', async (t) => {
  const random = new Random(2);
  for (const world of both) {
    for (const frame of [over4(UDP, udp(noise(random, 39))), over6(TCP, tcp(noise(random, 2100)))]) {
      const expected = frame[12] === 0x08 ? VERDICT_UDP_CHECKSUM : VERDICT_TCP_CHECKSUM;
      const from = frame[12] === 0x08 ? 42 : 74; // behind what classify() looks at
      const missed: number[] = [];
      for (let at = from; at < frame.length; at += 1 + random.below(40)) {
        const [found] = verdicts(world, [frame.with(at, frame[at]! ^ (1 << random.below(8)))]);
        if (found !== expected) missed.push(at);
      }
      t.same(missed, [], world.name);
    }
  }
});

t.test('addresses count, ports count, the protocol does', async (t) => {
  const good = over4(UDP, udp([1, 2, 3]));
  const elsewhere = ethernet(IPV4, ipv4(UDP, good.slice(34), { source: [10, 0, 0, 9] }));
  const port = good.with(35, good[35]! ^ 1);
  const asTcp = checksummed(TCP, tcp([]), IPV6_SOURCE, IPV6_DESTINATION.with(15, 9));
  for (const world of both) {
    const found = verdicts(world, [good, elsewhere, port, ethernet(IPV6, ipv6(TCP, asTcp))]);
    t.same(found, [VERDICT_PASS, VERDICT_UDP_CHECKSUM, VERDICT_UDP_CHECKSUM, VERDICT_TCP_CHECKSUM], world.name);
  }
});

t.test('a checksum that comes out as 0 is sent as all ones', async (t) => {
  const zero = checksummed(UDP, udp([0, 0]), IPV4_SOURCE, IPV4_DESTINATION);
  const payload = [zero[6]!, zero[7]!]; // what makes the sum all ones
  const frame = over4(UDP, udp(payload));
  t.same(frame.slice(40, 42), [0xff, 0xff]);
  for (const world of both) t.same(verdicts(world, [frame]), [VERDICT_PASS], world.name);
});

t.test('what lies behind the datagram is not covered', async (t) => {
  const trailer = [9, 9, 9];
  const padded = [...over4(UDP, udp([1])), ...trailer];
  const shorter = over4(UDP, udp([1, 2, 3, ...trailer], 11)); // UDP's own length leaves the rest of the payload out
  for (const world of both) t.same(verdicts(world, [padded, shorter]), [VERDICT_PASS, VERDICT_PASS], world.name);
});

/** A checksum that is surely wrong. */
const spoiled = (datagram: readonly number[]) => datagram.with(6, 0x12).with(7, 0x34);

const LEFT_ALONE: Record<string, number[]> = {
  'UDP over IPv4 without a checksum': ethernet(IPV4, ipv4(UDP, udp([1]))),
  'a first fragment of IPv4': ethernet(IPV4, ipv4(UDP, spoiled(udp([1])), { fragment: 0x2000 })),
  'a first fragment of IPv6': ethernet(IPV6, ipv6(44, fragment(UDP, spoiled(udp([1])), 1))),
  'a routing header of an unknown type': ethernet(IPV6, ipv6(43, routing(UDP, spoiled(udp([1])), 1, 3))),
  'a routing header without an address': ethernet(IPV6, ipv6(43, routing(UDP, spoiled(udp([1])), 1, 0, []))),
};

for (const [name, frame] of Object.entries(LEFT_ALONE)) {
  t.test(`${name} is not verified`, async (t) => {
    for (const world of both) t.same(verdicts(world, [frame]), [VERDICT_PASS], world.name);
  });
}

const [FIRST, LAST] = [IPV6_SOURCE.with(0, 1), IPV6_SOURCE.with(0, 2)];

/** A frame whose checksum is made for `end`, and one for its IP destination. */
function routed(end: readonly number[], header: (datagram: number[]) => number[]): [good: number[], bad: number[]] {
  const frame = (to: readonly number[]) =>
    ethernet(IPV6, ipv6(43, header(checksummed(UDP, udp([1]), IPV6_SOURCE, to))));
  return [frame(end), frame(IPV6_DESTINATION)];
}

function routed4(options: readonly number[]): [good: number[], bad: number[]] {
  const frame = (to: readonly number[]) =>
    ethernet(IPV4, ipv4(UDP, checksummed(UDP, udp([1]), IPV4_SOURCE, to), { options }));
  return [frame([5, 6, 7, 8]), frame(IPV4_DESTINATION)];
}

const VERIFIED: Record<string, readonly [good: number[], bad: number[]]> = {
  'an atomic fragment': [
    over6(UDP, udp([1]), (payload) => ({ next: 44, payload: fragment(UDP, payload, 0) })),
    ethernet(IPV6, ipv6(44, fragment(UDP, spoiled(udp([1])), 0))),
  ],
  'a source route': routed(LAST, (datagram) => routing(UDP, datagram, 1, 0, [FIRST, LAST])),
  'a segment route': routed(FIRST, (datagram) => routing(UDP, datagram, 1, 4, [FIRST, LAST])),
  'a route home': routed(FIRST, (datagram) => routing(UDP, datagram, 1, 2, [FIRST])),
  'a route behind another': routed(LAST, (datagram) =>
    routing(43, routing(UDP, datagram, 1, 0, [LAST]), 1, 0, [FIRST]),
  ),
  'a loose source route': routed4([131, 11, 4, 1, 2, 3, 4, 5, 6, 7, 8, 0]),
  'a strict source route': routed4([1, 137, 11, 8, 1, 2, 3, 4, 5, 6, 7, 8]),
  'a source route between addresses': [
    over4(UDP, udp([1]), { options: [131, 7, 5, 1, 2, 3, 4, 0] }),
    ethernet(IPV4, ipv4(UDP, spoiled(udp([1])), { options: [131, 7, 5, 1, 2, 3, 4, 0] })),
  ],
  'a route that is at its end': [
    over6(UDP, udp([1]), (payload) => ({ next: 43, payload: routing(UDP, payload, 0) })),
    ethernet(IPV6, ipv6(43, routing(UDP, spoiled(udp([1])), 0))),
  ],
  'what AH protects': [
    over6(UDP, udp([1]), (payload) => ({ next: 51, payload: ah(UDP, payload) })),
    ethernet(IPV4, ipv4(51, ah(UDP, spoiled(udp([1]))))),
  ],
  'a source route that is at its end': [
    over4(UDP, udp([1]), { options: [131, 7, 8, 1, 2, 3, 4, 0] }),
    ethernet(IPV4, ipv4(UDP, spoiled(udp([1])), { options: [131, 7, 8, 1, 2, 3, 4, 0] })),
  ],
  'a source route behind the end of options': [
    over4(UDP, udp([1]), { options: [0, 131, 7, 4, 1, 2, 3, 4] }),
    ethernet(IPV4, ipv4(UDP, spoiled(udp([1])), { options: [0, 131, 7, 4, 1, 2, 3, 4] })),
  ],
  'options that make no sense': [
    over4(UDP, udp([1]), { options: [7, 0, 4, 0, 131, 99, 4, 0] }),
    ethernet(IPV4, ipv4(UDP, spoiled(udp([1])), { options: [7, 0, 4, 0, 131, 99, 4, 0] })),
  ],
};

for (const [name, [good, bad]] of Object.entries(VERIFIED)) {
  t.test(`${name} is verified`, async (t) => {
    for (const world of both) t.same(verdicts(world, [good, bad]), [VERDICT_PASS, VERDICT_UDP_CHECKSUM], world.name);
  });
}

t.test('the bytes of what is refused are no longer among the passed', async (t) => {
  const good = over4(UDP, udp([1, 2, 3]));
  const bad = over4(UDP, udp([1, 2, 3])).with(44, 77);
  for (const world of both) {
    verdicts(world, [bad, good, bad]);
    t.equal(world.views.words[(BATCH + BATCH_PASSED_BYTES) / 4], good.length, world.name);
  }
});

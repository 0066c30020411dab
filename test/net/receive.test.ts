// Cold. Runs on: main.
// The stages between take and recycle: what is counted, what comes to the sink, and what a sink may not do.

import t from 'tap';
import { PROTOCOL_IPV4, PROTOCOL_UDP } from '../../src/bursts/layout.js';
import type { Burst, Sink } from '../../src/net/sink.js';
import { Rig } from '../driver/rig.js';

const FRAME = 60;
const UDP_PATH = PROTOCOL_IPV4 | PROTOCOL_UDP;

/** Receives, in this order, good frames (+) and frames with a wrong checksum (-), and polls once. */
function poll(pattern: string, sink: Sink = () => {}): Rig {
  const rig = new Rig();
  rig.cpu.sink = sink;
  [...pattern].forEach((sign, i) => {
    rig.malformed = sign === '-';
    rig.receive(1, FRAME + i);
  });
  rig.cpu.doWork();
  return rig;
}

t.test('what is delivered is counted, by its path too', async (t) => {
  const rig = poll('+++');
  t.match(rig.cpu.counters(), {
    processed: 3,
    delivered: 3,
    deliveredBytes: FRAME + (FRAME + 1) + (FRAME + 2),
    ipv4Checksum: 0,
  });
  t.same(rig.cpu.tally().paths, [{ protocol: UDP_PATH, frames: 3, bytes: 3 * FRAME + 3 }]);
});

t.test('the malformed are counted by reason, and not delivered', async (t) => {
  const lengths: number[] = [];
  const rig = poll('-+--+', (burst) => {
    for (let i = 0; i < burst.count; i += 1) lengths.push(burst.length(i));
  });
  t.same(lengths, [FRAME + 1, FRAME + 4], 'the others in order');
  t.match(rig.cpu.counters(), {
    processed: 5,
    delivered: 2,
    deliveredBytes: 2 * FRAME + 5,
    ipv4Checksum: 3,
    dropped: 0,
  });
  t.same(rig.cpu.tally().paths, [{ protocol: UDP_PATH, frames: 2, bytes: 2 * FRAME + 5 }]);
  rig.checkBuffers();
});

t.test('checksums are verified when asked', async (t) => {
  for (const verifyL4 of [false, true]) {
    const rig = new Rig({ receive: { verifyL4 } });
    const lengths: number[] = [];
    rig.cpu.sink = (burst) => {
      for (let i = 0; i < burst.count; i += 1) lengths.push(burst.length(i));
    };
    rig.receive(1, 5000);
    rig.wrongChecksum = true;
    rig.receive(1, 5001);
    rig.wrongChecksum = false;
    rig.receive(1, FRAME);
    rig.cpu.doWork();
    const good = verifyL4 ? [5000, FRAME] : [5000, 5001, FRAME];
    const bytes = good.reduce((sum, length) => sum + length);
    t.same(lengths, good);
    t.match(rig.cpu.counters(), {
      processed: 3,
      delivered: good.length,
      deliveredBytes: bytes,
      udpChecksum: 3 - good.length,
    });
    t.same(rig.cpu.tally().paths, [{ protocol: UDP_PATH, frames: good.length, bytes }]);
    rig.checkBuffers();
  }
});

t.test('the sink is called once per burst, with one object, and not for nothing', async (t) => {
  const seen: Burst[] = [];
  const rig = poll('+'.repeat(64), (burst) => seen.push(burst));
  t.equal(seen.length, 1);
  t.equal(seen[0]!.count, 64);
  t.equal(seen[0]!.queue, 0);
  rig.receive(2);
  rig.cpu.doWork();
  t.equal(seen[1], seen[0]);
  t.equal(seen[1]!.count, 2);
  rig.malformed = true;
  rig.receive(4);
  rig.cpu.doWork();
  t.equal(seen.length, 2, 'all of this burst were malformed');
  t.equal(rig.cpu.counters().ipv4Checksum, 4);
});

t.test('a burst counts as delivered once the sink has returned: its thread may end within', async (t) => {
  const rig = new Rig();
  const within: number[] = [];
  rig.cpu.sink = () => within.push(rig.cpu.counters().delivered);
  rig.receive(2);
  rig.cpu.doWork();
  t.same(within, [0]);
  t.equal(rig.cpu.counters().delivered, 2);
});

t.test('a sink that returns a promise is refused', async (t) => {
  t.throws(() => poll('+', (async () => {}) as Sink), /the sink returned a promise: a sink must be synchronous/);
});

t.test('whatever else a sink returns is ignored', async (t) => {
  t.equal(poll('+', (() => 7) as Sink).cpu.counters().delivered, 1);
});

t.test('what a burst tells of its packets', async (t) => {
  const rig = new Rig();
  const told: unknown[] = [];
  rig.cpu.sink = (burst) => {
    const at = burst.address(0);
    const bytes = [...burst.bytes.subarray(at + 26, at + 34)];
    told.push(burst.length(0), burst.protocol(0), burst.networkHeader(0), burst.transportHeader(0), bytes);
  };
  rig.receive(1, 100);
  rig.cpu.doWork();
  t.same(told, [100, UDP_PATH, 14, 34, [10, 0, 0, 1, 10, 0, 0, 2]]);
});

t.test('a packet is copied whole, whatever its number of buffers', async (t) => {
  const rig = new Rig();
  const target = new Uint8Array(9216);
  const wrong: number[] = [];
  rig.cpu.sink = (burst) => {
    const length = burst.copy(0, target.fill(0));
    for (let i = 50; i < 9216; i += 1) if (target[i] !== (i < length ? (i - 42) & 0xff : 0)) wrong.push(length);
  };
  for (const length of [60, 2047, 2048, 2049, 4096, 4097, 8192, 9212, 9216]) {
    rig.receive(1, length);
    rig.cpu.doWork();
  }
  t.same(wrong, [], 'the payload is what writeUdpFrame() wrote, and nothing lies behind');
  t.equal(rig.cpu.counters().delivered, 9);
});

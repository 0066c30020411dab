// Cold. Runs on: main.
// The checking sink sees each kind of wrong, and nothing wrong where there is none.

import t from 'tap';
import { BUFFER_BYTES } from '../../src/bursts/layout.js';
import type { Burst } from '../../src/index.js';
import { writeUdpFrame } from '../../src/nic/devices/frame-bytes.js';
import { CPUS_MAX, FlowRecord } from '../../src/stress/flow-record.js';
import flowSink from '../../src/stress/flow-sink.js';

const UDP_AT = 34;
const PAYLOAD_AT = 42;

/** Frame `sequence` of the flow with this number. */
function frame(flow: number, sequence: number, length = 60): Uint8Array {
  const bytes = new Uint8Array(length);
  writeUdpFrame(bytes, 0, length, {
    ipVersion: 4,
    sourceMac: new Uint8Array(6),
    destinationMac: new Uint8Array(6),
    source: Uint8Array.of(198, 18, flow >> 8, flow),
    destination: Uint8Array.of(198, 19, 0, 1),
    sourcePort: 50_000,
    destinationPort: 50_001,
  });
  const view = new DataView(bytes.buffer);
  view.setInt32(PAYLOAD_AT, sequence, true);
  view.setInt32(PAYLOAD_AT + 4, ~sequence, true);
  return bytes;
}

/** A burst of one packet: its first buffer lies in `bytes`, all of it comes by copy(). */
function burstOf(bytes: Uint8Array): Burst {
  return {
    count: 1,
    bytes: bytes.subarray(0, BUFFER_BYTES),
    address: () => 0,
    length: () => bytes.length,
    transportHeader: () => UDP_AT,
    copy: (_: number, target: Uint8Array) => {
      target.set(bytes);
      return bytes.length;
    },
  } as unknown as Burst;
}

interface Expected {
  readonly flows?: number;
  readonly offered?: number;
  readonly delivered?: number;
  readonly dropped?: number;
  readonly lost?: number;
}

function judge(frames: readonly Uint8Array[], expected: Expected = {}, cpu = 3) {
  const record = new FlowRecord();
  const sink = flowSink({ cpu, data: record.buffer });
  for (const bytes of frames) sink(burstOf(bytes));
  return record.violations({
    flows: 2,
    offered: frames.length,
    delivered: frames.length,
    dropped: 0,
    lost: 0,
    ...expected,
  });
}

t.test('nothing is wrong', async (t) => {
  t.same(judge([frame(1, 0), frame(2, 0), frame(1, 1), frame(2, 1, 1514), frame(2, 2, 9000)], { offered: 6 }), []);
});

t.test('a packet twice, or out of order', async (t) => {
  t.match(judge([frame(1, 0), frame(1, 1), frame(1, 1)]), [
    'cpu3 was given 1 packets that are not as they were sent, first of flow 1: repeated or reordered: expected 2, found 1',
  ]);
  t.match(judge([frame(1, 0), frame(1, 2), frame(1, 1)]), [
    /repeated or reordered: expected 3, found 1/,
    /1 packets left out/,
  ]);
});

t.test('a packet left out is one that was dropped', async (t) => {
  const frames = [frame(1, 0), frame(1, 2), frame(2, 0)];
  t.match(judge(frames, { offered: 5 }), ['1 packets left out in their flows > dropped 0']);
  t.same(judge(frames, { offered: 5, dropped: 1 }), []);
});

t.test('bytes that were not sent', async (t) => {
  const wrong = frame(1, 0);
  wrong[PAYLOAD_AT + 4] = 0;
  t.match(judge([wrong]), [/complement of its sequence number/]);
  for (const length of [60, 1514, 9000]) {
    const late = frame(1, 0, length);
    late[length - 1] = late[length - 1]! + 1;
    t.match(judge([late]), [/last byte/], `${length} bytes`);
  }
});

t.test('packets that cannot be', async (t) => {
  t.match(judge([frame(1, 0), frame(2, 0), frame(3, 0)]), ['packets of 3 flows came, and 2 were sent']);
  t.match(judge([frame(1, 0), frame(1, 1)], { offered: 2 }), [
    'packet 1 of a flow came, and 1 of each were sent at most',
  ]);
});

t.test('more or fewer than were delivered', async (t) => {
  const frames = [frame(1, 0), frame(2, 0), frame(1, 1), frame(2, 1)];
  t.match(judge(frames, { delivered: 5 }), ['the sink was given 4 packets ≠ delivered 5']);
  t.match(judge(frames, { delivered: 3 }), ['the sink was given 4 packets ≠ delivered 3']);
  t.same(judge(frames, { delivered: 3, lost: 1 }), [], 'a CPU that died may have given them to the sink');
});

t.test('an attached thread is told by its name', async (t) => {
  t.match(judge([frame(1, 1), frame(1, 0)], {}, CPUS_MAX + 1), [/^attached1 was given 1 packets/, /left out/]);
});

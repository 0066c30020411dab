// Cold. Runs on: main; starts real threads.
// The capture of a round: the checking sink finds nothing wrong with it, and does when a packet is not as it was written.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { startHost } from '../../src/index.js';
import { captureFile, type RoundCapture } from '../../src/stress/capture-file.js';
import { FlowRecord } from '../../src/stress/flow-record.js';

const sink = new URL('../../src/stress/flow-sink.js', import.meta.url);
const CAPTURE: RoundCapture = {
  packets: 1000,
  size: '82,1518,9000',
  ip: 'mixed',
  flows: 7,
  seed: 5,
  gapNs: 1000,
  gzip: false,
};
const FIRST_END = 24 + 16 + 78;

async function play(bytes: Buffer): Promise<string[]> {
  const path = join(t.testdir(), 'played.pcap');
  writeFileSync(path, bytes);
  const record = new FlowRecord();
  const host = await startHost({
    device: `pcap:${path}`,
    cpus: 1,
    verifyL4: false,
    execArgv: [],
    sink: { url: sink, data: record.buffer },
  });
  const { conservation } = await host.done;
  const { offered, delivered, dropped } = conservation;
  t.equal(offered, CAPTURE.packets);
  return record.violations({ flows: CAPTURE.flows, offered, delivered, dropped, lost: 0 });
}

t.test('played, compressed or not', async (t) => {
  const bytes = captureFile(CAPTURE);
  const compressed = captureFile({ ...CAPTURE, gzip: true });
  t.ok(gunzipSync(compressed).equals(bytes));
  t.same(await play(compressed), []);
});

t.test('one byte is not as it was written', async (t) => {
  const bytes = captureFile(CAPTURE);
  bytes[FIRST_END - 1]! ^= 1;
  t.match(await play(bytes), [/first of flow \d+: last byte/]);
});

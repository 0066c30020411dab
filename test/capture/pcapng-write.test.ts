// Cold. Runs on: main.
// The blocks around the packets: read back strictly, and by Wireshark's tools without a complaint.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { interfaceDescription, interfaceStatistics, sectionHeader } from '../../src/capture/pcapng-write.js';
import { capinfos, NO_TSHARK } from '../tshark.js';
import { readPcapng } from './read-pcapng.js';

const START = { high: 0x17f0_0000, low: 0xffff_ffff };
const END = { high: 0x17f0_0001, low: 1 };
const COUNTS = { start: START, end: END, received: 2 ** 53 - 1, dropped: 5 };

const file = Buffer.concat([
  sectionHeader('softirq 1.2.3', 'Linux 6'),
  interfaceDescription('nic0/0'),
  interfaceDescription('nic0/1'),
  interfaceStatistics(1, COUNTS),
]);

t.test('read back', async (t) => {
  t.same(readPcapng(file), {
    application: 'softirq 1.2.3',
    interfaces: ['nic0/0', 'nic0/1'],
    packets: [],
    statistics: [
      {
        interface: 1,
        start: 0x17f0_0000_ffff_ffffn,
        end: 0x17f0_0001_0000_0001n,
        received: 2n ** 53n - 1n,
        dropped: 5n,
      },
    ],
  });
});

t.test('capinfos reads it', { skip: NO_TSHARK }, async (t) => {
  const path = join(t.testdir(), 'empty.pcapng');
  writeFileSync(path, file);
  const stdout = capinfos(path);
  t.match(stdout, /File timestamp precision: +nanoseconds \(9\)/);
  t.match(stdout, /Capture application: softirq 1\.2\.3/);
  t.match(stdout, /Capture oper-sys: +Linux 6/);
  t.match(stdout, /Number of interfaces in file: 2/);
  t.match(stdout, /Name = nic0\/1/);
  t.match(stdout, /Number of stat entries = 1/);
});

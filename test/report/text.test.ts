import t from 'tap';
import type { CaptureSnapshot, Snapshot, TopFlowsSnapshot } from '../../src/coordinator/snapshot-types.js';
import { COLOURS, PLAIN } from '../../src/report/paint.js';
import { list, table } from '../../src/report/table.js';
import { summary } from '../../src/report/text.js';
import { count, digits, percent, perPacket, plural, rate, seconds, short } from '../../src/report/units.js';
import { sample } from './sample.js';

t.test('CPUs that are gone, and what went with them', async (t) => {
  const cpus = [...sample.cpus, { ...sample.cpus[0]!, id: 1, online: false }];
  const text = summary({ ...sample, cpus, conservation: { ...sample.conservation, lostWithCpu: 37 } });
  t.match(text, /, 37 packets lost with CPUs\n/);
  t.match(text, /\n {2}lost with CPUs +37\n/);
  t.match(text, /\n {2}cpu1 \(offline\) /);
  t.match(text, 'offered = delivered + dropped + lost with CPUs + in flight: holds');
});

t.test('units', async (t) => {
  t.equal(count(186_000_000), '186,000,000');
  const rates = [0, 7, 840, 999.4, 999.6, 1000, 2004, 12_345_678, 999_499, 999_501, 1.5e12];
  t.same(
    rates.map((value) => rate(value, 'pps')),
    [
      '0 pps',
      '7 pps',
      '840 pps',
      '999 pps',
      '1.00 kpps',
      '1.00 kpps',
      '2.00 kpps',
      '12.3 Mpps',
      '999 kpps',
      '1.00 Mpps',
      '1.50 Tpps',
    ],
  );
  t.same([0, 42, 1500].map(short), ['0', '42', '1.50 k']);
  t.same([0, 64, 63.94, 63.999, 1.016, 0.984, 0.0151, 6.4e-8, 99.99].map(digits), [
    '0',
    '64',
    '63.9',
    '64.0',
    '1.02',
    '0.98',
    '0.015',
    '6.4e-8',
    '100',
  ]);
  t.same(
    [0, 5, 500, 9_999, 9_999_999, 10_000_000].map((n) => percent(n, 10_000_000)),
    ['0 %', '<0.1 %', '<0.1 %', '0.1 %', '>99.9 %', '100 %'],
  );
  t.equal(percent(0, 0), '');
  t.same([0, 1, 0.9838, 12 / 186e6].map(perPacket), [
    'none',
    '1 per packet',
    '0.98 per packet',
    '1 per 15.5 M packets',
  ]);
  t.same([0, 0.00127, 0.42, 5, 312.4].map(seconds), ['0.00 s', '1.27 ms', '0.42 s', '5.00 s', '312 s']);
  t.same([plural(1, 'CPU'), plural(2, 'CPU'), plural(2, 'switch', 'es')], ['1 CPU', '2 CPUs', '2 switches']);
});

t.test('tables and lists are aligned', async (t) => {
  t.same(
    table(
      ['name', 'rx_missed_errors'],
      [
        ['a', '1,234'],
        ['bcdef', '1'],
      ],
      PLAIN,
    ),
    ['       rx_missed_', ' name      errors', '    a       1,234', 'bcdef           1'],
  );
  t.same(
    list([
      ['a', '1,234', 'much'],
      ['bcd', '1'],
    ]),
    ['a    1,234  much', 'bcd      1'],
  );
});

t.test('the summary', async (t) => {
  const text = summary(sample);
  for (const part of [
    'pktgen ▶ nic0 ▶ 1 queue ▶ 1 CPU, napi mode',
    '185,999,000 packets delivered in 5.00 s: 37.2 Mpps, 17.9 Gbit/s, <0.1 % dropped',
    'source held 1,234 times',
    /dropped: malformed +1,000/,
    /interrupts +12 +1 per 15\.5 M packets/,
    /polls +2,906,271 +64\.0 packets per poll/,
    /nic0\/0 +0 +cpu0 +186,000,000 +0 +12 +2,906,271/,
    /cpu0 +4\.98 s +12 +581,300 +186,000,000 +0 +581,200 +58,000 +3/,
    /ipv4Checksum +1,000/,
    'offered = delivered + dropped + in flight: holds',
    /recorded\n +delivered\.pcapng +185,999,000 +packets, 17\.1 GB/,
    'load average 0.52, 34 involuntary context switches',
  ]) {
    t.match(text, part);
  }
  t.notMatch(text, /icmp|rx_missed_errors: |backlog/, 'nothing about what did not happen');
  t.notMatch(text, '\x1b');
  t.notMatch(text, / \n/, 'no spaces at the ends of lines');
  t.ok(Math.max(...text.split('\n').map((line) => line.length)) <= 100, 'fits 100 columns');
});

const v4 = { source: '198.18.0.1', sourcePort: 49_152, destination: '198.19.100.200', destinationPort: 65_535 };
const v6 = {
  source: '2001:db8:1111:2222:3333:4444:5555:6666',
  sourcePort: 49_152,
  destination: '2001:db8::1',
  destinationPort: 53,
};
const ping = { source: 'fe80::1', sourcePort: 0, destination: 'ff02::1', destinationPort: 0 };

function withFlows(topFlows: Partial<TopFlowsSnapshot>): Snapshot {
  const all = { flows: [], held: 0, noFlow: 0, evictions: 0, evictedPackets: 0, ...topFlows };
  return { ...sample, stack: { ...sample.stack, topFlows: all } };
}

t.test('the largest flows', async (t) => {
  const flows = [
    { protocol: 'udp', ...v4, packets: 93_000_000, bytes: 5_580_000_000, error: 0 },
    { protocol: 'tcp', ...v6, packets: 1_234, bytes: 74_040, error: 0 },
    { protocol: 'icmpv6', ...ping, packets: 1, bytes: 70, error: 0 },
  ];
  const text = summary(withFlows({ flows, held: 7, noFlow: 1 }));
  t.match(
    text,
    `
largest flows
    bytes   share         rate     packets  flow
  5.58 GB  50.0 %  8.93 Gbit/s  93,000,000  udp     198.18.0.1:49152 ▶ 198.19.100.200:65535
  74.0 kB  <0.1 %   118 kbit/s       1,234  tcp     [2001:db8:1111:2222:3333:4444:5555:6666]:49152
                                                  ▶ [2001:db8::1]:53
     70 B  <0.1 %    112 bit/s           1  icmpv6  fe80::1          ▶ ff02::1
  3 of 7 flows; 1 packet without IP is of none
`,
  );
  t.notMatch(text, '≥');
  t.ok(Math.max(...text.split('\n').map((line) => line.length)) <= 100, 'fits 100 columns');
});

t.test('the largest flows of a table that was too small', async (t) => {
  const text = summary(
    withFlows({
      flows: [{ protocol: 'udp', ...v4, packets: 10, bytes: 5_000, error: 4_400 }],
      held: 131_072,
      evictions: 7_654_321,
    }),
  );
  t.match(text, /^ +≥600 B +<0\.1 % +960 bit\/s +≥10 +udp /m, 'what is certain');
  t.match(text, '1 of 131,072 flows in the table\n');
  t.match(text, '≥ at least: 7,654,321 times a flow took the place of a smaller one in the full table');
});

t.test('the largest flows fit 100 columns, whatever their ends', async (t) => {
  const long = { address: '2001:db8:1111:2222:3333:4444:5555:6666', port: 65_535 };
  const ends = [long, { address: '255.255.255.255', port: 65_535 }, { address: '::1', port: 0 }];
  const flows = ends.flatMap((from) =>
    ends.map((to) => ({
      protocol: 'icmpv6',
      ...{ source: from.address, sourcePort: from.port, destination: to.address, destinationPort: to.port },
      ...{ packets: 93_000_000, bytes: 5_580_000_000, error: 1 },
    })),
  );
  const lines = summary(withFlows({ flows, held: 9, evictions: 1 })).split('\n');
  t.same(
    lines.filter((line) => line.length > 100),
    [],
  );
  t.equal(lines.filter((line) => / (▶) \S+$/.test(line) && !line.includes('nic0')).length, 9, 'each has two ends');
});

t.test('the largest flows of no packet, and of none that is IP', async (t) => {
  t.match(summary(withFlows({})), 'largest flows\n  0 flows\n');
  t.match(summary(withFlows({ noFlow: 1_200 })), 'largest flows\n  0 flows; 1,200 packets without IP are of none\n');
});

t.test('the summary of a worse day', async (t) => {
  const [nic] = sample.nics;
  const bad: Snapshot = {
    ...sample,
    config: { ...sample.config, full: 'drop', mode: 'interrupt' },
    nics: [{ ...nic!, cpuSeconds: null, rxMissedErrors: 5000, queues: nic!.queues.map((q) => ({ ...q, polls: 0 })) }],
    stack: { ...sample.stack, dropped: { backlog: 77 } },
    conservation: { ...sample.conservation, dropped: 6077, holds: false },
    noise: { loadAverage: 3, involuntarySwitches: null },
  };
  const text = summary(bad);
  t.match(text, 'interrupt mode');
  t.match(text, /dropped: rx_missed_errors +5,000/);
  t.match(text, /dropped: backlog +77/);
  t.match(text, 'in flight: BROKEN');
  t.match(text, /load average 3\.00\n$/);
  t.match(text, /nic0 +–\n/, 'what the system does not tell');
  t.notMatch(text, 'packets per poll', 'no NAPI, no polls');
  t.notMatch(text, 'source held');
});

t.test('timers and busy polling are told where there are any', async (t) => {
  const cpus = sample.cpus.map((cpu) => ({ ...cpu, timerIrqs: 1234, busyPollRxPackets: 18_600_000 }));
  const text = summary({ ...sample, cpus });
  t.match(text, /timer interrupts +1,234\n/);
  t.match(text, /by busy polling +18,600,000 +10\.0 % of the packets/);
  t.notMatch(summary(sample), /timer interrupts|busy polling/);
});

t.test('one packet', async (t) => {
  const recordings = [{ path: 'one.pcapng', packets: 1, bytes: 300 }];
  const text = summary({ ...sample, stack: { ...sample.stack, delivered: 1 }, recordings });
  t.match(text, '\n1 packet delivered in');
  t.match(text, /one\.pcapng +1 +packet, 300 B/);
});

t.test('before any traffic', async (t) => {
  const nothing = JSON.parse(JSON.stringify(sample), (key, value) =>
    typeof value === 'number' && key !== 'cpus' && key !== 'queues' ? 0 : value,
  ) as Snapshot;
  const text = summary({ ...nothing, conservation: { ...nothing.conservation, holds: null } });
  t.match(text, '0 packets delivered in 0.00 s: 0 pps, 0 bit/s, nothing dropped');
  t.match(text, 'not known while traffic runs');
  t.notMatch(text, /NaN|Infinity|undefined/);
});

t.test('colours change no character', async (t) => {
  const painted = summary(sample, COLOURS);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the marks are control characters
  t.equal(painted.replace(/\x1b\[\d+m/g, ''), summary(sample));
  t.not(painted, summary(sample));
});

t.test('a capture: only what is uncommon about it is told', async (t) => {
  const summaryWith = (capture: Partial<CaptureSnapshot>): string => {
    const plain = {
      format: 'pcap',
      gzip: false,
      packets: 200,
      sliced: 0,
      backwardTimestamps: 0,
      skippedBlocks: 0,
      error: null,
    };
    const nics = [{ ...sample.nics[0]!, rxLengthErrors: 3, capture: { ...plain, ...capture } as CaptureSnapshot }];
    return summary({ ...sample, nics });
  };
  t.notMatch(summaryWith({}), /^capture$/m);
  t.match(summaryWith({}), /dropped: rx_length_errors +3/);
  t.match(
    summaryWith({ sliced: 100, skippedBlocks: 7 }),
    /^capture\n {2}sliced +100 {2}50\.0 %\n {2}blocks skipped +7\n\n/m,
  );
});

// Cold. Runs on: main.
// The backlog with senders on other CPUs: enqueue_to_backlog, napi_schedule_rps, process_backlog, and what net_rx_action does for
// them (net/core/dev.c), on the deterministic machine. R…: the kernel's cases; the others are named for their rule.

import t from 'tap';
import { softnetStat } from '../../src/observe/softnet-stat.js';
import { type Simulation, simulate } from '../../src/simulate/machine.js';
import type { PollFunction } from '../../src/simulate/napi.js';
import { finds } from './drivers.js';

const FITS = 1001;

/** Every packet that comes out, by CPU. */
function received(m: Simulation): unknown[][] {
  return m.cpus.map(({ backlog }) => {
    const packets: unknown[] = [];
    backlog.onPacket = (packet) => packets.push(packet);
    return packets;
  });
}

/** A poll on one CPU that sends `count` packets to `target`, and completes. */
function steers(m: Simulation, from: number, target: number, count: number): PollFunction {
  return (napi) => {
    for (let i = 0; i < count; i += 1) m.cpus[from]!.enqueueToBacklog(target, i);
    napi.completeDone(count);
    return count;
  };
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

t.test('R02: 50 packets of one poll go to another CPU by one interrupt', async (t) => {
  const m = simulate({ cpus: 2 });
  const [cpu0, cpu1] = [m.cpus[0]!, m.cpus[1]!];
  const packets = received(m);
  const napi = m.napi('A', steers(m, 0, 1, 50));
  cpu0.irq(() => napi.schedule());
  t.same([cpu1.backlog.receivedRps, cpu1.counters.processed], [0, 0], 'called, and not yet there');
  m.run();
  t.equal(cpu1.backlog.receivedRps, 1);
  t.same([cpu0.counters.processed, cpu1.counters.processed], [0, 50]);
  t.same(packets, [[], upTo(50)]);
  t.equal(cpu1.softirqs.NET_RX, 1);
  t.equal(cpu0.backlog.receivedRps, 0);
});

t.test('R03: what is steered to the CPU itself goes through its backlog, in order', async (t) => {
  const m = simulate({ cpus: 2 });
  const [packets] = received(m);
  const napi = m.napi('A', steers(m, 0, 0, 50));
  m.cpu.irq(() => napi.schedule());
  t.same(packets, upTo(50));
  t.equal(m.cpu.backlog.receivedRps, 0, 'nobody had to be called');
  t.equal(m.cpu.softirqs.NET_RX, 1, 'within the same net_rx_action');
});

t.test('R08: dev_weight 64 ▶ 16: one more backlog poll of 64; drivers are not touched', async (t) => {
  const m = simulate();
  m.sysctls.set('net.core.dev_weight', 16);
  const napi = m.napi('A', finds(1));
  m.cpu.irq(() => {
    for (let i = 0; i < 100; i += 1) m.cpu.netifRx(i);
    napi.schedule();
  });
  m.run();
  const polls = m.trace
    .of('napi_poll')
    .map((fields) => /struct (\w+) .* work (\d+) budget (\d+)/.exec(fields)!.slice(1));
  t.same(
    polls.filter(([name]) => name === 'backlog0'),
    [
      ['backlog0', '64', '64'],
      ['backlog0', '16', '16'],
      ['backlog0', '16', '16'],
      ['backlog0', '4', '16'],
    ],
  );
  t.same(
    polls.filter(([name]) => name === 'A'),
    [['A', '1', '64']],
  );
});

/** The columns of /proc/net/softnet_stat, as its users read them. */
function columnsOf(text: string): number[][] {
  return text.split('\n').map((line) => line.split(' ').map((word) => Number.parseInt(word, 16)));
}

/** As a snapshot has it. */
function softnetOf(m: Simulation, offline: readonly number[] = []) {
  return m.cpus.map(({ id, backlog, counters }) => {
    const { inputPktQueue, processQueue, dropped } = backlog;
    return { ...counters, id, online: !offline.includes(id), inputPktQueue, processQueue, dropped };
  });
}

t.test('R10: softnet_stat: 15 columns of eight hex digits; those that are offline are left out', async (t) => {
  const m = simulate({ cpus: 3 });
  m.sysctls.set('net.core.netdev_budget', 64);
  m.sysctls.set('net.core.flow_limit_cpu_bitmap', 1);
  const target = m.cpus[2]!;
  m.cpu.bhDisabled(() => {
    for (const i of upTo(300)) m.cpu.enqueueToBacklog(2, i, i);
  });
  target.pass();
  m.cpu.bhDisabled(() => {
    for (const i of upTo(600)) m.cpu.enqueueToBacklog(2, i, 7);
  });
  const text = softnetStat(softnetOf(m, [1]));
  t.match(text, /^([0-9a-f]{8}( [0-9a-f]{8}){14}\n){2}$/);
  const [cpu0, cpu2] = columnsOf(text);
  const none = [0, 0, 0, 0, 0, 0];
  t.same(cpu0, [0, 0, 0, ...none, 0, 36, 0, 0, 0, 0]);
  t.same(cpu2, [64, 36, 1, ...none, 1, 0, 564 + 236, 2, 564, 236]);
  t.equal(cpu2![11], cpu2![13]! + cpu2![14]!);
});

t.test('R10: each column wraps at 2^32', async (t) => {
  const m = simulate();
  const [cpu] = softnetOf(m);
  const [columns] = columnsOf(softnetStat([{ ...cpu!, processed: 2 ** 32 + 5, timeSqueeze: 2 ** 32 - 1 }]));
  t.same(columns!.slice(0, 3), [5, 0, 2 ** 32 - 1]);
});

t.test('netif_rx from a task: polled before it returns', async (t) => {
  const m = simulate();
  const [packets] = received(m);
  t.ok(m.cpu.netifRx('a'));
  t.same(packets, ['a']);
  t.notOk(m.cpu.ksoftirqdRunnable);
});

t.test('a backlog has no device', async (t) => {
  const m = simulate();
  m.cpu.netifRx('a');
  t.same(m.trace.of('napi_poll'), ['napi poll on napi struct backlog0 for device (no_device) work 1 budget 64']);
});

// ── enqueue_to_backlog ──

t.test('full: 1,001 fit, and every sender’s drops are the target’s', async (t) => {
  const m = simulate({ cpus: 3 });
  const [a, b, target] = [m.cpus[0]!, m.cpus[1]!, m.cpus[2]!];
  const packets = received(m);
  const send = (cpu: typeof a, to: number, count: number) => {
    const sent: boolean[] = [];
    cpu.bhDisabled(() => {
      for (let i = 0; i < count; i += 1) sent.push(cpu.enqueueToBacklog(to, `${cpu.id}.${i}`));
    });
    return sent.filter((ok) => !ok).length;
  };
  t.same([send(a, 2, 600), send(b, 2, 400)], [0, 0]);
  t.equal(target.backlog.inputPktQueue, 1000);
  t.same([send(a, 2, 2), send(b, 2, 3)], [1, 3], 'one more than netdev_max_backlog, whoever sends it');
  t.same([target.backlog.inputPktQueue, target.backlog.dropped], [FITS, 4]);
  t.same([a.backlog.dropped, b.backlog.dropped], [0, 0]);
  const own: boolean[] = [];
  target.irq(() => own.push(target.netifRx('own')));
  t.same(own, [false], 'its own packets find it full, too');
  t.equal(target.backlog.dropped, 5);
  m.run();
  t.equal(packets[2]!.length, FITS);
});

t.test('full: own packets count for other senders', async (t) => {
  const m = simulate({ cpus: 2 });
  const [cpu0, cpu1] = [m.cpus[0]!, m.cpus[1]!];
  cpu1.irq(() => {
    t.ok(upTo(FITS).every((i) => cpu1.netifRx(i)));
    cpu0.bhDisabled(() => t.notOk(cpu0.enqueueToBacklog(1, 'x')));
    t.equal(cpu1.backlog.dropped, 1);
  });
});

t.test('full: what process_backlog has taken over no longer counts', async (t) => {
  const m = simulate({ cpus: 2 });
  const [cpu0, cpu1] = [m.cpus[0]!, m.cpus[1]!];
  const fill = () => {
    let sent = 0;
    cpu0.bhDisabled(() => {
      while (cpu0.enqueueToBacklog(1, sent)) sent += 1;
    });
    return sent;
  };
  t.equal(fill(), FITS);
  cpu1.pass();
  t.same([cpu1.backlog.processQueue, cpu1.backlog.inputPktQueue], [FITS - 64, 0]);
  t.equal(fill(), FITS);
  t.same([cpu1.backlog.processQueue, cpu1.backlog.inputPktQueue], [FITS - 64, FITS]);
  m.run();
  t.equal(cpu1.counters.processed, 2 * FITS);
});

t.test('full: netdev_max_backlog holds for other senders at once', async (t) => {
  const m = simulate({ cpus: 2 });
  m.sysctls.set('net.core.netdev_max_backlog', 2);
  const cpu0 = m.cpu;
  cpu0.bhDisabled(() =>
    t.same(
      upTo(5).map((i) => cpu0.enqueueToBacklog(1, i)),
      [true, true, true, false, false],
    ),
  );
});

// ── skb_flow_limit ──

const HALF = 500;
const FLOW = 1;
const CPUS = 'net.core.flow_limit_cpu_bitmap';
const LENGTH = 'net.core.flow_limit_table_len';

/** Of as many flows, none of which has a bucket of 4096 with another, or with FLOW, or bucket 0. */
function others(count: number): number[] {
  return upTo(count).map((i) => FLOW + 1 + i);
}

function same(count: number, hash = FLOW): number[] {
  return upTo(count).map(() => hash);
}

/** One packet for each hash, from CPU `from` to `target`. @returns the place of each that was refused */
function sends(m: Simulation, hashes: readonly number[], from = 0, target = 1): number[] {
  const cpu = m.cpus[from]!;
  const refused = (hash: number) => !cpu.enqueueToBacklog(target, hash, hash);
  return cpu.bhDisabled(() => upTo(hashes.length).filter((i) => refused(hashes[i]!)));
}

/** CPU 0 has a flow table, and CPU 1's backlog is half full. */
function halfFull(cpus = 2): Simulation {
  const m = simulate({ cpus });
  m.sysctls.set(CPUS, 1);
  sends(m, others(HALF));
  return m;
}

t.test('flow limit: off, as it is where nobody says otherwise', async (t) => {
  const m = simulate({ cpus: 2 });
  t.same(sends(m, same(FITS)), []);
  t.equal(m.cpu.backlog.flowLimitCount, 0);
});

t.test('flow limit: from half of netdev_max_backlog on, and not before', async (t) => {
  const m = simulate({ cpus: 2 });
  m.sysctls.set(CPUS, 1);
  t.same(sends(m, same(HALF + 64 + 2)), [HALF + 64, HALF + 65], 'the first 500 are in no history');
});

t.test('flow limit: half of an odd one is rounded down, and of 0 it is 0', async (t) => {
  for (const [max, first] of [
    [201, 100],
    [0, 0],
  ] as const) {
    const m = simulate({ cpus: 2 });
    m.sysctls.set(CPUS, 1);
    m.sysctls.set('net.core.netdev_max_backlog', max);
    for (let sent = 0; sent < 64 && max === 0; sent += 1) {
      t.same(sends(m, same(1)), []);
      m.run();
    }
    t.same(sends(m, same(max === 0 ? 1 : first + 65)), [max === 0 ? 0 : first + 64]);
    t.equal(m.cpu.backlog.flowLimitCount, 1);
  }
});

t.test(
  'flow limit: a flow of more than 64 is dropped, for its target and for its sender, and others are not',
  async (t) => {
    const m = halfFull();
    t.same(sends(m, [...same(66), ...others(20), FLOW]), [64, 65, 86]);
    t.same([m.cpu.backlog.flowLimitCount, m.cpus[1]!.backlog.flowLimitCount], [3, 0]);
    t.same([m.cpu.backlog.dropped, m.cpus[1]!.backlog.dropped], [0, 3]);
    t.equal(m.cpus[1]!.backlog.inputPktQueue, HALF + 64 + 20);
    m.run();
    t.equal(m.cpus[1]!.counters.processed, HALF + 64 + 20);
  },
);

t.test('flow limit: of the last 128 packets, this one among them', async (t) => {
  t.same(sends(halfFull(), [...same(64), ...others(63), FLOW]), [127], 'all of them are still in the history');
  t.same(sends(halfFull(), [...same(64), ...others(64), FLOW]), [], 'the oldest is not');
});

t.test('flow limit: what it drops is in the history, too', async (t) => {
  const many = same(128);
  const dropped = many.map((_, i) => i).slice(64);
  t.same(sends(halfFull(), [...many, ...others(63), FLOW]), [...dropped, 191]);
  t.same(sends(halfFull(), [...many, ...others(64), FLOW]), dropped);
});

t.test('flow limit: what finds the backlog full is not', async (t) => {
  const m = halfFull();
  t.equal(sends(m, [...others(FITS - HALF), ...same(100)]).length, 100);
  t.equal(m.cpu.backlog.flowLimitCount, 0);
  m.run();
  t.same(sends(m, [...others(HALF), ...same(65)]), [HALF + 64]);
  t.equal(m.cpu.backlog.flowLimitCount, 1);
});

t.test('flow limit: the sender’s table, for all of its targets', async (t) => {
  const m = halfFull(3);
  m.sysctls.set(CPUS, 0b011);
  sends(m, others(HALF), 0, 2);
  t.same([...sends(m, same(40), 0, 1), ...sends(m, same(25), 0, 2)], [24]);
  t.same(sends(m, same(65), 1, 2), [64], 'another sender has its own');
  t.same(sends(m, same(100), 2, 1), [], 'and who has none is not limited');
  t.same(
    m.cpus.map(({ backlog }) => backlog.flowLimitCount),
    [1, 1, 0],
  );
});

t.test('flow limit: of its own packets, from its next poll on', async (t) => {
  for (const cpus of [1, 2]) {
    const m = simulate({ cpus });
    const own = (count: number) => upTo(count).filter((i) => !m.cpu.netifRx(i, FLOW)).length;
    m.sysctls.set(CPUS, 1);
    m.cpu.irq(() => t.equal(own(HALF + 65), 0));
    m.run();
    m.cpu.irq(() => t.equal(own(HALF + 65), 1));
    t.same([m.cpu.backlog.dropped, m.cpu.backlog.flowLimitCount], [1, 1]);
  }
});

/** hash_32 */
function bucket(hash: number, bits: bigint): number {
  return Number(((BigInt(hash) * 0x61c88647n) & 0xffff_ffffn) >> (32n - bits));
}

t.test('flow limit: an empty history is full of bucket 0, which alone is never over', async (t) => {
  t.same(sends(halfFull(), same(300, 0)), []);
  t.same(sends(halfFull(), [...others(128), ...same(65, 0)]), [192], 'and is, when others have come before');
});

t.test('flow limit: hash_32 says which bucket', async (t) => {
  const twin = upTo(100_000).find((hash) => hash > 5000 && bucket(hash, 12n) === bucket(FLOW, 12n))!;
  t.same(sends(halfFull(), [...same(64), twin]), [64], 'another flow in the same bucket');
  t.same(sends(halfFull(), [...same(64), FLOW + 4096, FLOW + 0x1000_0000]), [], 'neither low nor high bits alone');
  t.same(sends(halfFull(), same(65, 0xffff_ffff)), [64], 'the whole of 32 bits');
});

t.test('flow limit: flow_limit_table_len is that of tables that are made from then on', async (t) => {
  const m = halfFull();
  m.sysctls.set(LENGTH, 16);
  const flows = upTo(10_000).filter((hash) => bucket(hash, 4n) === 5);
  t.same(sends(m, flows.slice(0, 65)), [], 'the table is there already');
  m.sysctls.set(CPUS, 0);
  m.sysctls.set(CPUS, 1);
  t.same(sends(m, flows.slice(0, 65)), [64], 'one bucket for many');
  m.sysctls.set(CPUS, 0);
  m.sysctls.set(LENGTH, 1);
  m.sysctls.set(CPUS, 1);
  t.same(sends(m, same(65)), [], 'one for all is bucket 0');
  m.sysctls.set(CPUS, 0);
  m.sysctls.set(LENGTH, 65_536);
  m.sysctls.set(CPUS, 1);
  t.same(sends(m, [...same(65), ...others(10)]), [64], 'the largest');
});

t.test('flow limit: a table stays as long as its CPU is named, and a new one is empty', async (t) => {
  const m = halfFull();
  t.same(sends(m, same(64)), []);
  m.sysctls.set(CPUS, 0b11);
  t.same(sends(m, same(1)), [0], 'named again: the same');
  m.sysctls.set(CPUS, 0b10);
  t.same(sends(m, same(10)), [], 'no table');
  m.sysctls.set(CPUS, 0b11);
  m.sysctls.set(CPUS, 0b10);
  m.sysctls.set(CPUS, 0b11);
  t.same(sends(m, same(65)), [64], 'a new one');
  m.sysctls.set(CPUS, 0);
  m.sysctls.set(CPUS, 1);
  t.same(sends(m, same(65)), [64], 'and one that was made between two packets');
  t.equal(m.cpu.backlog.flowLimitCount, 3, 'goes on');
});

t.test('flow limit: every CPU that the bitmap names', async (t) => {
  const m = simulate({ cpus: 54 });
  const named = [0, 31, 32, 52];
  const bitmap = named.reduce((bits, cpu) => bits + 2 ** cpu, 0);
  m.sysctls.set(CPUS, bitmap);
  t.equal(m.sysctls.get(CPUS), bitmap);
  sends(m, others(HALF), 53);
  const limited = [0, 30, 31, 32, 51, 52].filter((cpu) => sends(m, same(65), cpu).length > 0);
  t.same(limited, named);
});

t.test('flow limit: what a CPU that has died left is limited by its heir', async (t) => {
  const m = simulate({ cpus: 2 });
  const [heir, dead] = [m.cpus[0]!, m.cpus[1]!];
  m.sysctls.set(CPUS, 1);
  heir.netifRx('a poll');
  sends(m, same(HALF - 1));
  heir.irq(() => {
    for (const hash of others(HALF)) heir.netifRx(hash, hash);
    heir.inheritBacklog(dead);
    t.same([heir.backlog.dropped, heir.backlog.flowLimitCount], [HALF - 1 - 64, HALF - 1 - 64]);
  });
  m.run();
  t.equal(heir.counters.processed, 1 + HALF + 64);
});

t.test('flow limit: refused values change nothing', async (t) => {
  const { sysctls } = simulate();
  const message = /flow_limit_table_len=.*: must be a power of two from 1 to 65536/;
  for (const value of [0, 3, 4097, 131_072, -1, 0.5, Number.NaN]) {
    t.throws(() => sysctls.set(LENGTH, value), { code: 'EINVAL', message });
  }
  for (const value of [-1, 0.5, 2 ** 53]) t.throws(() => sysctls.set(CPUS, value), { code: 'EINVAL' });
  t.same([sysctls.get(LENGTH), sysctls.get(CPUS)], [4096, 0]);
  sysctls.set(CPUS, 2 ** 53 - 1);
  t.equal(sysctls.get(CPUS), 2 ** 53 - 1);
});

t.test('SCHED: the sender takes it for the target, once, and before the interrupt', async (t) => {
  const m = simulate({ cpus: 2 });
  const [cpu0, cpu1] = [m.cpus[0]!, m.cpus[1]!];
  cpu0.irq(() => {
    cpu0.enqueueToBacklog(1, 'a');
    t.same([cpu1.backlog.state, cpu1.backlog.holder], [['SCHED', 'LISTED'], 1]);
    t.notOk(cpu1.isReady, 'not called yet');
    t.same(cpu1.pollList, []);
    cpu0.enqueueToBacklog(1, 'b');
    t.same(cpu1.backlog.state, ['SCHED', 'LISTED'], 'no MISSED');
  });
  t.ok(cpu1.isReady, 'called at the end of the softirq');
  cpu0.bhDisabled(() => cpu0.enqueueToBacklog(1, 'c'));
  m.run();
  t.equal(cpu1.backlog.receivedRps, 1, 'not called while the first interrupt is on its way');
  t.same([cpu1.backlog.state, cpu1.backlog.holder], [['LISTED'], null]);
  t.equal(cpu1.counters.processed, 3);
});

t.test('SCHED: two senders, one interrupt; each sender’s packets keep their order', async (t) => {
  const m = simulate({ cpus: 3 });
  const [cpu0, cpu1, cpu2] = [m.cpus[0]!, m.cpus[1]!, m.cpus[2]!];
  const packets = received(m);
  for (const cpu of [cpu0, cpu1]) cpu.localBhDisable();
  for (let i = 0; i < 4; i += 1) {
    cpu0.enqueueToBacklog(2, `0.${i}`);
    cpu1.enqueueToBacklog(2, `1.${i}`);
  }
  for (const cpu of [cpu1, cpu0]) cpu.localBhEnable();
  m.run();
  t.equal(cpu2.backlog.receivedRps, 1);
  for (const sender of ['0', '1']) {
    const own = packets[2]!.filter((packet) => String(packet).startsWith(sender));
    t.same(
      own,
      upTo(4).map((i) => `${sender}.${i}`),
    );
  }
});

// ── napi_schedule_rps ──

t.test('raise: another CPU’s backlog marks NET_RX, and wakes nobody', async (t) => {
  const m = simulate({ cpus: 2 });
  m.cpu.task(() => m.cpu.enqueueToBacklog(1, 'a'));
  t.same(m.cpu.pending, ['NET_RX']);
  t.notOk(m.cpu.ksoftirqdRunnable);
  t.notOk(m.cpus[1]!.isReady);
  m.cpu.irq();
  t.ok(m.cpus[1]!.isReady, 'the next irq_exit runs it');
});

t.test('raise: not within net_rx_action', async (t) => {
  const m = simulate({ cpus: 2 });
  const napi = m.napi('A', steers(m, 0, 1, 3));
  m.cpu.irq(() => napi.schedule());
  t.same(m.trace.of('softirq_raise'), ['vec=3 [action=NET_RX]'], 'the interrupt’s alone');
  t.equal(m.cpu.softirqs.NET_RX, 1);
});

t.test('raise: not within a threaded poll, at whose end the interrupts go out', async (t) => {
  const m = simulate({ cpus: 2 });
  const [cpu0, cpu1] = [m.cpus[0]!, m.cpus[1]!];
  const seen: boolean[] = [];
  const napi = m.napi('A', (napi) => {
    cpu0.enqueueToBacklog(1, 'a');
    seen.push(cpu1.isReady);
    napi.completeDone(1);
    return 1;
  });
  napi.setThreaded('enabled');
  cpu0.irq(() => napi.schedule());
  cpu0.turn();
  t.same(seen, [false]);
  t.ok(cpu1.isReady);
  t.same([m.trace.of('softirq_raise'), cpu0.softirqs.NET_RX], [[], 0]);
  cpu1.turn();
  cpu0.task(() => cpu0.enqueueToBacklog(1, 'b'));
  t.same(cpu0.pending, ['NET_RX'], 'the round is over');
});

t.test('raise: a threaded poll that goes on sends them after each round', async (t) => {
  const m = simulate({ cpus: 2 });
  const [cpu0, cpu1] = [m.cpus[0]!, m.cpus[1]!];
  const napi = m.napi('A', (_, budget) => {
    cpu0.enqueueToBacklog(1, 'a');
    return budget;
  });
  napi.setThreaded('enabled');
  cpu0.irq(() => napi.schedule());
  for (let round = 1; round <= 3; round += 1) {
    cpu0.turn();
    cpu1.turn();
    t.equal(cpu1.backlog.receivedRps, round);
  }
});

// ── net_rps_action_and_irq_enable ──

t.test('calls: at the bottom of net_rx_action, not before', async (t) => {
  const m = simulate({ cpus: 2 });
  const ready: boolean[] = [];
  const a = m.napi('A', steers(m, 0, 1, 1));
  const b = m.napi('B', (napi) => {
    ready.push(m.cpus[1]!.isReady);
    napi.completeDone(1);
    return 1;
  });
  m.cpu.irq(() => {
    a.schedule();
    b.schedule();
  });
  t.same(ready, [false]);
  t.ok(m.cpus[1]!.isReady);
  m.run();
  m.cpu.irq(() => m.cpu.raise('NET_RX'));
  t.notOk(m.cpus[1]!.isReady, 'and not again');
});

t.test('calls: also when work is left, and when the budget is used up', async (t) => {
  const m = simulate({ cpus: 2, budget: 64 });
  const napi = m.napi('A', (_, budget) => {
    m.cpu.enqueueToBacklog(1, 'a');
    return budget;
  });
  m.cpu.irq(() => napi.schedule());
  t.equal(m.cpu.timeSqueeze, 10);
  t.ok(m.cpus[1]!.isReady);
});

t.test('calls: process_backlog begins with them', async (t) => {
  const m = simulate({ cpus: 2 });
  const ready: boolean[] = [];
  m.cpu.backlog.onPacket = () => ready.push(m.cpus[1]!.isReady);
  const napi = m.napi('A', steers(m, 0, 1, 1));
  m.cpu.irq(() => {
    napi.schedule();
    m.cpu.netifRx('own');
  });
  t.same(ready, [true]);
});

t.test('calls: net_rx_action with nothing to poll sends them, and that is all', async (t) => {
  const m = simulate({ cpus: 2 });
  m.cpu.bhDisabled(() => m.cpu.enqueueToBacklog(1, 'a'));
  t.same([m.cpu.softirqs.NET_RX, m.cpu.timeSqueeze, m.cpu.pending, m.cpu.inNetRxAction], [1, 0, [], false]);
  m.run();
  t.equal(m.cpus[1]!.backlog.receivedRps, 1);
});

t.test('calls: one for each CPU, however many there are', async (t) => {
  const m = simulate({ cpus: 40 });
  m.cpu.bhDisabled(() => {
    for (const target of [1, 31, 32, 39, 1]) m.cpu.enqueueToBacklog(target, target);
  });
  m.run();
  const called = m.cpus.filter(({ backlog }) => backlog.receivedRps > 0);
  t.same(
    called.map(({ id }) => id),
    [1, 31, 32, 39],
  );
  t.equal(m.cpus[1]!.counters.processed, 2);
});

// ── process_backlog ──

t.test('poll: at most its quota; exactly the quota brings one more poll, which finds nothing', async (t) => {
  const m = simulate({ cpus: 2 });
  m.cpu.bhDisabled(() => {
    for (let i = 0; i < 64; i += 1) m.cpu.enqueueToBacklog(1, i);
  });
  const cpu1 = m.cpus[1]!;
  cpu1.pass();
  t.same([cpu1.counters.processed, cpu1.backlog.state, cpu1.pending], [64, ['SCHED', 'LISTED'], ['NET_RX']]);
  cpu1.pass();
  t.same([cpu1.softirqs.NET_RX, cpu1.backlog.state, cpu1.pending], [2, ['LISTED'], []]);
});

t.test('poll: what came meanwhile is taken over and polled, too', async (t) => {
  const m = simulate({ cpus: 2 });
  const [cpu0, cpu1] = [m.cpus[0]!, m.cpus[1]!];
  const packets = received(m);
  let more = 3;
  cpu1.backlog.onPacket = (packet) => {
    packets[1]!.push(packet);
    if (more-- > 0) cpu0.bhDisabled(() => cpu0.enqueueToBacklog(1, packet));
  };
  cpu0.bhDisabled(() => cpu0.enqueueToBacklog(1, 'a'));
  m.run();
  t.same(packets[1], ['a', 'a', 'a', 'a']);
  t.same([cpu1.softirqs.NET_RX, cpu1.backlog.receivedRps], [1, 1], 'in one poll, by one interrupt');
});

t.test('poll: its end is no napi_complete_done: all state goes but THREADED, and MISSED brings no poll', async (t) => {
  const m = simulate({ cpus: 2 });
  const { backlog } = m.cpu;
  m.cpu.irq(() => {
    m.cpu.netifRx('a');
    for (const bit of ['MISSED', 'PREFER_BUSY_POLL', 'THREADED', 'SCHED_THREADED'] as const) backlog.set(bit);
  });
  t.same(backlog.state, ['LISTED', 'THREADED']);
  t.equal(m.trace.of('napi_poll').length, 1);
});

t.test('poll: interrupts come between two packets', async (t) => {
  const m = simulate();
  const order: string[] = [];
  const line = m.line('eth0', () => order.push('irq'));
  m.cpu.backlog.onPacket = (packet) => {
    order.push(String(packet));
    if (packet === 'a') line.raise();
  };
  m.cpu.irq(() => ['a', 'b'].map((packet) => m.cpu.netifRx(packet)));
  t.same(order, ['a', 'irq', 'b']);
});

// ── the end of a CPU ──

t.test('inherit: what is left goes through the heir’s backlog, in order, and behind its own', async (t) => {
  const m = simulate({ cpus: 3 });
  const [cpu0, cpu1, dead] = [m.cpus[0]!, m.cpus[1]!, m.cpus[2]!];
  const packets = received(m);
  cpu0.bhDisabled(() => upTo(100).map((i) => cpu0.enqueueToBacklog(2, `0.${i}`)));
  dead.pass();
  t.equal(dead.backlog.processQueue, 36, 'it ends in the middle');
  cpu0.bhDisabled(() => upTo(10).map((i) => cpu0.enqueueToBacklog(2, `0.${100 + i}`)));
  dead.task(() => dead.enqueueToBacklog(2, 'own'));
  cpu1.irq(() => {
    cpu1.netifRx('mine');
    t.equal(cpu1.inheritBacklog(dead), 36 + 10 + 1);
  });
  t.same([dead.backlog.state, dead.backlog.holder, dead.pollList], [['LISTED'], null, []], 'idle');
  t.same([dead.backlog.inputPktQueue, dead.backlog.processQueue], [0, 0]);
  t.equal(packets[1]![0], 'mine');
  const before = packets[2]!;
  const left = packets[1]!.slice(1).filter((packet) => packet !== 'own');
  t.same(
    [...before, ...left],
    upTo(110).map((i) => `0.${i}`),
  );
  t.equal(cpu1.inheritBacklog(dead), 0, 'once more: nothing');
});

t.test('inherit: what finds no room is dropped, and counted where it was to go', async (t) => {
  const m = simulate({ cpus: 2 });
  const [heir, dead] = [m.cpus[0]!, m.cpus[1]!];
  heir.bhDisabled(() => upTo(20).map((i) => heir.enqueueToBacklog(1, i)));
  heir.irq(() => {
    for (let i = 0; i < FITS - 5; i += 1) heir.netifRx(i);
    t.equal(heir.inheritBacklog(dead), 20);
    t.same([heir.backlog.inputPktQueue, heir.backlog.dropped], [FITS, 15]);
  });
  t.same([dead.backlog.inputPktQueue, dead.backlog.dropped], [0, 0]);
});

t.test('inherit: a CPU that ended while it took packets over leaves the full room', async (t) => {
  const m = simulate({ cpus: 3 });
  const [cpu0, heir, dead] = [m.cpus[0]!, m.cpus[1]!, m.cpus[2]!];
  cpu0.bhDisabled(() => upTo(20).map((i) => cpu0.enqueueToBacklog(2, i)));
  const { sub } = Atomics;
  Atomics.sub = () => {
    throw new Error('it ends before it has counted them off');
  };
  t.throws(() => dead.pass(), { message: /it ends before/ });
  Atomics.sub = sub;
  t.equal(heir.inheritBacklog(dead), 20);
  cpu0.bhDisabled(() => upTo(FITS + 1).map((i) => cpu0.enqueueToBacklog(2, i)));
  t.same([dead.backlog.inputPktQueue, dead.backlog.dropped], [FITS, 1]);
});

t.test('inherit: whom the dead CPU was about to call is called', async (t) => {
  const m = simulate({ cpus: 3 });
  const [dead, heir, target] = [m.cpus[0]!, m.cpus[1]!, m.cpus[2]!];
  const packets = received(m);
  dead.irq(() => {
    dead.enqueueToBacklog(2, 'a');
    t.notOk(target.isReady);
    heir.inheritBacklog(dead);
    t.ok(target.isReady);
  });
  m.run();
  t.same(packets[2], ['a']);
});

t.test('inherit: a call for nothing schedules nothing', async (t) => {
  const m = simulate({ cpus: 2 });
  const [cpu0, cpu1] = [m.cpus[0]!, m.cpus[1]!];
  cpu0.task(() => cpu0.core.softnet.rpsIpiList.add(1));
  cpu0.irq(() => cpu0.raise('NET_RX'));
  m.run();
  t.same([cpu1.backlog.receivedRps, cpu1.backlog.state, cpu1.softirqs.NET_RX], [1, ['LISTED'], 0]);
  const listed: string[][] = [];
  cpu1.backlog.onPacket = () => {
    listed.push(cpu1.pollList);
    if (listed.length > 1) return;
    cpu0.task(() => cpu0.core.softnet.rpsIpiList.add(1));
    cpu0.irq(() => cpu0.raise('NET_RX'));
  };
  cpu1.irq(() => ['a', 'b'].map((packet) => cpu1.netifRx(packet)));
  m.run();
  t.same(listed, [[], []], 'nor one that is polled');
  t.same([cpu1.backlog.receivedRps, cpu1.backlog.state], [2, ['LISTED']]);
});

t.test('a CPU that is not there is named', async (t) => {
  const m = simulate({ cpus: 2 });
  t.throws(() => m.cpu.enqueueToBacklog(2, 'a'), /^simulate: target=2: must be an integer from 0 to 1/);
});

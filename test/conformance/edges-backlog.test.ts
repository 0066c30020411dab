// Cold. Runs on: main.
// Backlogs at their edges: limits of nothing, quotas of one, whom nobody need call, what a CPU that is gone has still got. Each test is named
// by the section of the kernel's rules that it holds; dev_weight 64, netdev_max_backlog 1000, time stands still.

import t from 'tap';
import { type Simulation, simulate } from '../../src/simulate/machine.js';
import { finds } from './drivers.js';

const MAX = 'net.core.netdev_max_backlog';
const WEIGHT = 'net.core.dev_weight';
const BIAS = 'net.core.dev_weight_rx_bias';

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** `count` packets, numbered, from one CPU to another, with bottom halves off. @returns how many found room */
function send(m: Simulation, from: number, target: number, count: number): number {
  const cpu = m.cpus[from]!;
  return cpu.bhDisabled(() => upTo(count).filter((i) => cpu.enqueueToBacklog(target, `${from}.${i}`)).length);
}

/** Work and budget of each poll of a backlog. */
function polls(m: Simulation): string[] {
  const text = /napi struct backlog\d+ for device \(no_device\) work (\d+ budget \d+)/;
  return m.trace.of('napi_poll').flatMap((fields) => text.exec(fields)?.[1] ?? []);
}

// ── enqueue_to_backlog ──

t.test('6.3: netdev_max_backlog 0: one fits; 1: two do, from others and from itself', async (t) => {
  for (const max of [0, 1]) {
    const m = simulate({ cpus: 2 });
    m.sysctls.set(MAX, max);
    t.equal(send(m, 0, 1, 5), max + 1, `${max}: from another`);
    t.equal(m.cpus[1]!.backlog.dropped, 5 - (max + 1));
    m.run();
    m.cpu.netifRx('a poll');
    m.cpu.irq(() => t.equal(upTo(5).filter((i) => m.cpu.netifRx(i)).length, max + 1, `${max}: its own`));
    t.equal(m.cpu.backlog.dropped, 5 - (max + 1));
  }
});

t.test(
  '6.3: lowered below what waits: nobody gets in until it is polled; raised again: as many as then fit',
  async (t) => {
    const m = simulate({ cpus: 2 });
    t.equal(send(m, 0, 1, 100), 100);
    m.sysctls.set(MAX, 50);
    t.same([send(m, 0, 1, 3), m.cpus[1]!.backlog.inputPktQueue], [0, 100], 'what waits stays');
    m.sysctls.set(MAX, 99);
    t.equal(send(m, 0, 1, 1), 0, 'one more than that waits');
    m.sysctls.set(MAX, 100);
    t.equal(send(m, 0, 1, 2), 1, 'as many as that wait');
    m.sysctls.set(MAX, 50);
    m.cpus[1]!.pass();
    t.equal(send(m, 0, 1, 60), 51, 'input_pkt_queue is empty');
    t.equal(m.cpus[1]!.backlog.dropped, 3 + 1 + 1 + 9);
  },
);

t.test('6.3: the process_queue of before it was lowered is polled to its end', async (t) => {
  const m = simulate({ cpus: 2 });
  send(m, 0, 1, 1001);
  m.sysctls.set(MAX, 0);
  m.run();
  t.same([m.cpus[1]!.counters.processed, m.cpus[1]!.backlog.dropped], [1001, 0]);
});

t.test('6.3: two senders, full but for one: the first gets it', async (t) => {
  const m = simulate({ cpus: 3 });
  t.same([send(m, 0, 2, 500), send(m, 1, 2, 500)], [500, 500]);
  t.same([send(m, 1, 2, 1), send(m, 0, 2, 1), send(m, 1, 2, 1)], [1, 0, 0]);
});

t.test('6.3: what is dropped schedules nobody, and its sender raises nothing', async (t) => {
  const m = simulate({ cpus: 2 });
  m.sysctls.set(MAX, 0);
  m.sysctls.set('net.core.flow_limit_cpu_bitmap', 1);
  const flow = () => m.cpu.enqueueToBacklog(1, 'x', 1);
  for (let sent = 0; sent < 64; sent += 1) {
    m.cpu.bhDisabled(() => t.ok(flow()));
    m.run();
  }
  const before = m.cpu.softirqs.NET_RX;
  m.cpu.bhDisabled(() => {
    t.notOk(flow(), 'the 65th of its flow finds the queue empty, and is over the limit');
    t.same(m.cpu.pending, []);
  });
  t.same([m.cpus[1]!.backlog.state, m.cpus[1]!.isReady, m.cpu.softirqs.NET_RX], [['LISTED'], false, before]);
});

// ── napi_schedule_rps, IPIs ──

t.test('6.4: from idle to busy three times: three calls, whatever each burst', async (t) => {
  const m = simulate({ cpus: 2 });
  for (const [times, burst] of [1, 300, 64].entries()) {
    send(m, 0, 1, burst);
    m.run();
    t.equal(m.cpus[1]!.backlog.receivedRps, times + 1);
  }
});

t.test('6.4: the queue is empty, and SCHED still set: nobody is called, its next poll finds what comes', async (t) => {
  const m = simulate({ cpus: 2 });
  const target = m.cpus[1]!;
  send(m, 0, 1, 64);
  target.pass();
  t.same(
    [target.backlog.inputPktQueue, target.backlog.processQueue, target.backlog.state],
    [0, 0, ['SCHED', 'LISTED']],
  );
  m.cpu.bhDisabled(() => {
    m.cpu.enqueueToBacklog(1, 'a');
    t.same(m.cpu.pending, [], 'nothing to raise for');
  });
  m.run();
  t.same([target.backlog.receivedRps, target.counters.processed, target.softirqs.NET_RX], [1, 65, 2]);
});

t.test('6.4: it is called while it is in net_rx_action: reached in the same one, and nothing is raised', async (t) => {
  const m = simulate({ cpus: 2 });
  const target = m.cpus[1]!;
  const napi = m.napi('A', (napi) => {
    send(m, 0, 1, 3);
    napi.completeDone(0);
    return 0;
  });
  target.irq(() => napi.schedule());
  t.same([target.counters.processed, target.softirqs.NET_RX, target.backlog.receivedRps], [3, 1, 1]);
  const raised = m.trace.of('softirq_raise').length;
  t.equal(raised, 2, 'for A, and by the sender for its call');
});

t.test('6.4: called over bottom halves that are off: polled when they are on again', async (t) => {
  const m = simulate({ cpus: 2 });
  const target = m.cpus[1]!;
  send(m, 0, 1, 1);
  target.localBhDisable();
  target.turn();
  t.same([target.backlog.receivedRps, target.counters.processed, target.pending], [1, 0, ['NET_RX']]);
  target.localBhEnable();
  t.equal(target.counters.processed, 1);
});

t.test('6.4: sent in a busy poll: called when bottom halves are on again behind that poll', async (t) => {
  const m = simulate({ cpus: 2 });
  const ready: boolean[] = [];
  const napi = m.napi('A', (napi, budget) => {
    if (napi.polls === 1) m.cpu.enqueueToBacklog(1, 'a');
    ready.push(m.cpus[1]!.isReady);
    return finds(1)(napi, budget);
  });
  m.cpu.busyLoop(napi.napiId);
  t.same(ready, [false, true]);
  t.equal(m.cpu.softirqs.NET_RX, 1);
});

t.test(
  '6.4: in_net_rx_action with work left: an interrupt sends, raises nothing, and the next pass calls',
  async (t) => {
    const m = simulate({ cpus: 2 });
    const napi = m.napi('A', (napi, budget) => (napi.polls === 1 ? budget : finds(0)(napi, budget)));
    m.cpu.needResched = true;
    m.cpu.irq(() => napi.schedule());
    m.cpu.needResched = false;
    const raised = m.trace.of('softirq_raise').length;
    m.cpu.localBhDisable();
    m.cpu.irq(() => m.cpu.enqueueToBacklog(1, 'a'));
    t.same([m.cpu.inNetRxAction, m.trace.of('softirq_raise').length, m.cpus[1]!.isReady], [true, raised, false]);
    m.cpu.localBhEnable();
    t.ok(m.cpus[1]!.isReady);
  },
);

// ── process_backlog ──

t.test('6.5: one less than the quota, the quota, one more, twice the quota', async (t) => {
  for (const [count, works] of [
    [63, ['63']],
    [64, ['64', '0']],
    [65, ['64', '1']],
    [128, ['64', '64', '0']],
  ] as const) {
    const m = simulate({ cpus: 2 });
    send(m, 0, 1, count);
    m.run();
    t.same(
      polls(m),
      works.map((work) => `${work} budget 64`),
    );
    t.same([m.cpus[1]!.softirqs.NET_RX, m.cpus[1]!.timeSqueeze], [works.length, 0]);
  }
});

t.test('6.5: a quota of 1: a packet a poll, and one for nothing', async (t) => {
  const m = simulate({ cpus: 2 });
  m.sysctls.set(WEIGHT, 1);
  m.cpus[1]!.netifRx('the poll that learns of it');
  send(m, 0, 1, 3);
  m.run();
  t.same(polls(m), ['1 budget 64', '1 budget 1', '1 budget 1', '1 budget 1', '0 budget 1']);
});

t.test('6.5: the quota is dev_weight times dev_weight_rx_bias, neither of which is below 1', async (t) => {
  const m = simulate({ cpus: 2 });
  m.sysctls.set(BIAS, 3);
  m.sysctls.set(WEIGHT, 10);
  m.cpus[1]!.netifRx('the poll that learns of it');
  send(m, 0, 1, 35);
  m.run();
  t.same(polls(m), ['1 budget 64', '30 budget 30', '5 budget 30']);
  for (const name of [WEIGHT, BIAS] as const) {
    for (const value of [0, -1]) t.throws(() => m.sysctls.set(name, value), { code: 'EINVAL' });
  }
  t.throws(() => m.sysctls.set('net.core.dev_weight_tx_bias' as never, 2), { code: 'ENOENT' });
});

t.test('6.5: a quota over 64: so many, charged in full, and nothing is said', async (t) => {
  const m = simulate({ cpus: 2, budget: 128 });
  m.sysctls.set(WEIGHT, 128);
  m.cpus[1]!.netifRx('the poll that learns of it');
  send(m, 0, 1, 200);
  m.run();
  t.same(polls(m), ['1 budget 64', '128 budget 128', '72 budget 128']);
  t.same([m.cpus[1]!.timeSqueeze, m.log], [1, []]);
});

t.test('6.5: it is one instance among others: charged to netdev_budget, and behind who came first', async (t) => {
  const m = simulate({ cpus: 2, budget: 64 });
  const target = m.cpus[1]!;
  const order: string[] = [];
  const napi = m.napi('A', (napi) => {
    order.push('A');
    napi.completeDone(0);
    return 0;
  });
  target.backlog.onPacket = (packet) => order.push(String(packet));
  send(m, 0, 1, 100);
  target.localBhDisable();
  target.turn();
  target.task(() => napi.schedule());
  t.same(target.pollList, ['backlog1', 'A']);
  target.localBhEnable();
  t.same([order.indexOf('A'), order.length, target.timeSqueeze], [64, 101, 1]);
});

t.test('6.5: input_pkt_queue is taken over when process_queue is empty, and not before', async (t) => {
  const m = simulate({ cpus: 3 });
  const target = m.cpus[2]!;
  const order: string[] = [];
  target.backlog.onPacket = (packet) => order.push(String(packet));
  send(m, 1, 2, 100);
  target.pass();
  send(m, 0, 2, 10);
  send(m, 1, 2, 10);
  t.same([target.backlog.processQueue, target.backlog.inputPktQueue], [36, 20]);
  target.pass();
  t.same([target.backlog.processQueue, target.backlog.inputPktQueue], [0, 0]);
  const of = (sender: number, first: number, end: number) => upTo(end - first).map((i) => `${sender}.${first + i}`);
  t.same(order, [...of(1, 0, 100), ...of(0, 0, 10), ...of(1, 0, 10)]);
});

t.test(
  '6.5: the quota ends it: what came in with the last packet stays in input_pkt_queue, and nobody is called',
  async (t) => {
    const m = simulate({ cpus: 2 });
    const target = m.cpus[1]!;
    target.backlog.onPacket = (packet) => {
      if (packet === '0.63') m.cpu.bhDisabled(() => m.cpu.enqueueToBacklog(1, 'later'));
    };
    send(m, 0, 1, 64);
    target.pass();
    t.same([target.backlog.processQueue, target.backlog.inputPktQueue, target.pending], [0, 1, ['NET_RX']]);
    target.pass();
    t.same([target.backlog.receivedRps, target.counters.processed], [1, 65]);
  },
);

t.test('6.5: each packet sends one more to its own CPU: the quota ends it, and others are polled', async (t) => {
  const m = simulate();
  let left = 200;
  const seen: number[] = [];
  m.cpu.backlog.onPacket = () => {
    left -= 1;
    if (left > 0) m.cpu.netifRx('next');
  };
  const napi = m.napi('A', (napi) => {
    seen.push(left);
    napi.completeDone(0);
    return 0;
  });
  m.cpu.irq(() => {
    m.cpu.netifRx('first');
    napi.schedule();
  });
  t.same([seen, left, m.cpu.backlog.receivedRps], [[200 - 64], 0, 0]);
  t.same(polls(m), ['64 budget 64', '64 budget 64', '64 budget 64', '8 budget 64']);
});

// ── dev_cpu_dead ──

t.test('6.7: all of its state goes but THREADED, and nobody has it on a list', async (t) => {
  const m = simulate({ cpus: 2 });
  const [heir, dead] = [m.cpus[0]!, m.cpus[1]!];
  dead.irq(() => {
    dead.netifRx('a');
    for (const bit of ['MISSED', 'PREFER_BUSY_POLL', 'THREADED'] as const) dead.backlog.set(bit);
    t.equal(heir.inheritBacklog(dead), 1);
    t.same([dead.backlog.state, dead.backlog.holder, dead.pollList], [['LISTED', 'THREADED'], null, []]);
  });
});

t.test('6.7: process_queue goes first, then input_pkt_queue; the heir’s own waited before', async (t) => {
  const m = simulate({ cpus: 3 });
  const [heir, dead] = [m.cpus[0]!, m.cpus[2]!];
  const order: string[] = [];
  heir.backlog.onPacket = (packet) => order.push(String(packet));
  send(m, 1, 2, 66);
  dead.pass();
  t.equal(dead.backlog.processQueue, 2);
  heir.bhDisabled(() => heir.enqueueToBacklog(2, 'later'));
  heir.irq(() => {
    heir.netifRx('own');
    heir.inheritBacklog(dead);
  });
  t.same(order, ['own', '1.64', '1.65', 'later']);
});

t.test('6.7: whom it was to call is called before the heir has its packets', async (t) => {
  const m = simulate({ cpus: 3 });
  const [dead, heir, third] = [m.cpus[0]!, m.cpus[1]!, m.cpus[2]!];
  const ready: boolean[] = [];
  heir.backlog.onPacket = () => ready.push(third.isReady);
  dead.irq(() => {
    dead.netifRx('own');
    dead.enqueueToBacklog(2, 'a');
    heir.irq(() => heir.inheritBacklog(dead));
    t.same(ready, [true]);
  });
});

t.test('6.7: sent to one that is gone: it waits, for its heir or for its return, and is polled once', async (t) => {
  for (const returns of [false, true]) {
    const m = simulate({ cpus: 2 });
    const [heir, gone] = [m.cpus[0]!, m.cpus[1]!];
    t.equal(heir.inheritBacklog(gone), 0);
    send(m, 0, 1, 3);
    t.same([gone.backlog.inputPktQueue, gone.backlog.holder], [3, 1]);
    if (!returns) t.equal(heir.inheritBacklog(gone), 3);
    m.run();
    t.same([heir.counters.processed, gone.counters.processed], returns ? [0, 3] : [3, 0]);
    t.equal(gone.backlog.receivedRps, 1, 'the call was on its way');
    send(m, 0, 1, 1);
    m.run();
    t.equal(gone.backlog.receivedRps, 2, 'and later ones come as ever');
  }
});

t.test('6.7: no room with the heir: its flow limit and its netdev_max_backlog, whoever sent it', async (t) => {
  const m = simulate({ cpus: 2 });
  const [heir, dead] = [m.cpus[0]!, m.cpus[1]!];
  m.sysctls.set(MAX, 4);
  heir.netifRx('the poll that learns of it');
  dead.netifRx('the poll that learns of it');
  dead.irq(() => {
    for (const i of upTo(5)) dead.netifRx(i);
    heir.irq(() => {
      heir.netifRx('own');
      t.equal(heir.inheritBacklog(dead), 5);
      t.same([heir.backlog.inputPktQueue, heir.backlog.dropped, dead.backlog.dropped], [5, 1, 0]);
    });
  });
});

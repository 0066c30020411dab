// Cold. Runs on: main.
// CPUs that go offline and come back (dev_cpu_dead, irq_migrate_all_off_this_cpu, hrtimers_cpu_dying), on one thread.

import t from 'tap';
import { type SimulatedCpu, type Simulation, simulate } from '../../src/testing.js';
import { bits, busy, finds, script, three } from './drivers.js';

/** What comes out of each CPU's backlog, by CPU. */
function received(m: Simulation): unknown[][] {
  return m.cpus.map(({ backlog }) => {
    const packets: unknown[] = [];
    backlog.onPacket = (packet) => packets.push(packet);
    return packets;
  });
}

/** A queue with an interrupt line: packets come by arrive(), and a poll takes up to its budget of them. */
function queue(m: Simulation, cpu: number) {
  const ring = { packets: 0 };
  const line = m.line('eth0', () => napi.schedule(), 'latch', cpu);
  const napi = m.napi('eth0', (self, budget) => {
    const work = Math.min(ring.packets, budget);
    ring.packets -= work;
    if (work < budget && self.completeDone(work)) line.unmask();
    return work;
  });
  const arrive = (packets: number) => {
    ring.packets += packets;
    line.raise();
  };
  return { ring, line, napi, arrive };
}

// ── dev_cpu_dead: the poll list ──

t.test('poll list: the instances of a dead CPU are scheduled on the CPU that takes it offline', async (t) => {
  const [m, cpu0, dead, heir] = three();
  const [a, b] = ['A', 'B'].map((name) => m.napi(name, busy)) as [ReturnType<typeof m.napi>, ReturnType<typeof m.napi>];
  dead.irq(() => [b, a].map((napi) => napi.schedule()));
  t.same([dead.pollList, a.holder, a.listOwner], [['B', 'A'], 1, 1]);
  heir.task(() => dead.offline());
  t.same([a.holder, b.holder], [2, 2], 'SCHED is the heir’s');
  heir.needResched = true;
  heir.turn();
  t.same([heir.pollList, a.listOwner, heir.pending], [['A', 'B'], 2, ['NET_RX']]);
  t.same([cpu0.pollList, cpu0.isReady], [[], false]);
});

t.test('poll list: without a CPU that executes it, on the first one that is online', async (t) => {
  const [m, cpu0, dead] = three();
  const a = m.napi('A', busy);
  dead.irq(() => a.schedule());
  dead.offline();
  t.equal(a.holder, 0);
  cpu0.needResched = true;
  cpu0.turn();
  t.same(cpu0.pollList, ['A']);
});

t.test('poll list: none of it is left when the CPU is online again, and nothing is pending there', async (t) => {
  const [m, , dead] = three();
  const a = m.napi('A', busy);
  dead.irq(() => a.schedule());
  dead.raise('TASKLET');
  t.same([dead.pending, dead.ksoftirqdRunnable, dead.inNetRxAction], [['NET_RX', 'TASKLET'], true, true]);
  dead.offline();
  dead.online();
  t.same([dead.pollList, dead.pending, dead.ksoftirqdRunnable, dead.inNetRxAction], [[], [], false, false]);
  t.notOk(dead.isReady);
  const before = dead.softirqs.NET_RX;
  const b = m.napi('B', finds(1));
  dead.irq(() => b.schedule());
  t.same([b.polls, dead.softirqs.NET_RX], [1, before + 1], 'it works, and its counters have gone on');
});

t.test('poll list: an instance in the hand of its thread goes on in the thread elsewhere', async (t) => {
  const [m, cpu0, dead] = three();
  let left = 3;
  const a = m.napi('A', (napi, budget) => {
    if (--left > 0) return budget;
    napi.completeDone(0);
    return 0;
  });
  a.setThreaded('enabled');
  dead.irq(() => a.schedule());
  t.equal(bits(a), 'SCHED|THREADED|SCHED_THREADED');
  dead.offline();
  m.run();
  t.same([a.polls, bits(a), cpu0.softirqs.NET_RX], [3, 'THREADED', 0]);
  t.same(m.trace.of('sched_waking').length, 2, 'woken there once, and here');
});

// ── dev_cpu_dead: the backlog ──

t.test(
  'backlog: what waits goes through the heir’s own, in order and behind its own, and the instance is idle',
  async (t) => {
    const [m, cpu0, dead, heir] = three();
    const packets = received(m);
    cpu0.bhDisabled(() => {
      for (let i = 0; i < 70; i += 1) cpu0.enqueueToBacklog(1, i);
    });
    dead.pass();
    t.same([dead.backlog.processQueue, packets[1]!.length], [6, 64]);
    cpu0.bhDisabled(() => cpu0.enqueueToBacklog(1, 70));
    heir.task(() => heir.enqueueToBacklog(2, 'mine'));
    t.same([heir.backlog.inputPktQueue, heir.ksoftirqdRunnable], [1, true]);
    heir.task(() => dead.offline());
    m.run();
    t.same(packets[2], ['mine', 64, 65, 66, 67, 68, 69, 70]);
    t.same([dead.backlog.state, dead.backlog.inputPktQueue, dead.backlog.processQueue], [['LISTED'], 0, 0]);
    t.equal(heir.processed, 8);
  },
);

t.test('backlog: whom the dead CPU was about to call is called', async (t) => {
  const [m, , dead, target] = three();
  const packets = received(m);
  dead.task(() => dead.enqueueToBacklog(2, 'a'));
  t.same([dead.pending, target.isReady, target.backlog.holder], [['NET_RX'], false, 2]);
  dead.offline();
  m.run();
  t.same([packets[2], target.backlog.receivedRps], [['a'], 1]);
});

t.test('backlog: the same, when the heir ends before it has called', async (t) => {
  const m = simulate({ cpus: 4 });
  const [first, dead, , target] = m.cpus as [SimulatedCpu, SimulatedCpu, SimulatedCpu, SimulatedCpu];
  const packets = received(m);
  dead.task(() => dead.enqueueToBacklog(3, 'a'));
  const offline = dead.beginOffline();
  dead.turn();
  t.notOk(offline.step(), 'nobody has called it');
  first.kill();
  t.notOk(target.isReady);
  m.run();
  t.ok(offline.step());
  t.same([packets[3], target.backlog.receivedRps], [['a'], 1]);
});

t.test('backlog: nobody sends to a CPU that is offline, and to one that is back as before', async (t) => {
  const [m, cpu0, dead] = three();
  const packets = received(m);
  dead.offline();
  t.throws(() => cpu0.enqueueToBacklog(1, 'a'), { message: 'enqueue_to_backlog: target=1: cpu1 is offline' });
  dead.online();
  cpu0.bhDisabled(() => cpu0.enqueueToBacklog(1, 'b'));
  m.run();
  t.same(packets, [[], ['b'], []]);
});

// ── hrtimers_cpu_dying ──

t.test('timers: they expire on the heir, at their time', async (t) => {
  const [m, cpu0, dead] = three();
  const a = m.napi('A', script([1]), { deferHardIrqs: 1, groFlushTimeoutNs: 20_000 });
  dead.irq(() => a.schedule());
  t.same([a.timerCpu, a.polls], [1, 1]);
  m.advance(5000);
  dead.offline();
  t.equal(a.timerCpu, 0);
  m.run();
  t.same(m.trace.of('hrtimer_expire_entry')[0], 'hrtimer=A function=napi_watchdog now=20000');
  t.same([a.polls, cpu0.counters.timerIrqs], [2, 1]);
});

t.test('timers: one that is overdue expires at once', async (t) => {
  const [m, cpu0, dead] = three();
  const a = m.napi('A', script([1]), { deferHardIrqs: 1, groFlushTimeoutNs: 20_000 });
  dead.irq(() => a.schedule());
  m.advance(90_000);
  dead.offline();
  m.run();
  t.same(m.trace.of('hrtimer_expire_entry'), ['hrtimer=A function=napi_watchdog now=90000']);
  t.same([a.polls, cpu0.counters.timerIrqs], [2, 1]);
});

t.test('timers: also when the heir ends before it has adopted them', async (t) => {
  const [m, first, dead] = three();
  const a = m.napi('A', script([1]), { deferHardIrqs: 1, groFlushTimeoutNs: 20_000 });
  dead.irq(() => a.schedule());
  const offline = dead.beginOffline();
  dead.turn();
  t.notOk(offline.step(), 'nobody has adopted it');
  first.kill();
  m.runFor(20_000);
  t.ok(offline.step());
  t.equal(m.cpus[2]!.counters.timerIrqs, 1);
});

// ── irq_migrate_all_off_this_cpu ──

t.test('lines: an interrupt that is on its way, and all later ones, go to another CPU', async (t) => {
  const [m, cpu0, dead] = three();
  const { ring, line, napi, arrive } = queue(m, 1);
  arrive(3);
  t.ok(line.isPending());
  dead.offline();
  t.not(line.target(), 1);
  m.run();
  t.same([ring.packets, napi.polls, dead.counters.hardirqs], [0, 1, 0]);
  arrive(3);
  m.run();
  t.same([ring.packets, napi.polls], [0, 2]);
  dead.online();
  t.not(line.target(), 1, 'it does not come back by itself');
  line.retarget(1);
  arrive(1);
  m.run();
  t.equal(dead.counters.hardirqs, 1);
  t.equal(cpu0.counters.hardirqs + m.cpus[2]!.counters.hardirqs, 2);
});

t.test('lines: a CPU that is asked to leave takes no interrupt any more, and finishes what it is in', async (t) => {
  const [m, , dead] = three();
  const { ring, line, napi, arrive } = queue(m, 1);
  const order: string[] = [];
  const a = m.napi('A', (self) => {
    order.push('poll');
    const offline = dead.beginOffline();
    t.not(line.target(), 1);
    arrive(1);
    t.notOk(offline.step(), 'it is in the middle of a poll');
    self.completeDone(1);
    return 1;
  });
  dead.irq(() => a.schedule());
  order.push('left its turn');
  t.same([bits(a), dead.isOnline, dead.isReady], ['', false, true]);
  t.throws(() => dead.offline(), { code: 'EINVAL', message: /cpu=1: it must be online, and is leaving/ });
  m.run();
  t.same([order, ring.packets, napi.polls, dead.counters.hardirqs], [['poll', 'left its turn'], 0, 1, 1]);
});

t.test('lines: none goes to a CPU that is offline', async (t) => {
  const [m, , dead] = three();
  const { line } = queue(m, 0);
  dead.offline();
  const refused = { code: 'EINVAL', message: 'irq_set_affinity: line eth0: cpu=1: cpu1 is offline (EINVAL)' };
  t.throws(() => line.retarget(1), refused);
  t.throws(() => m.line('eth0', () => {}, 'latch', 1), refused);
  t.throws(() => line.retarget(3), { message: 'simulate: cpu=3: must be an integer from 0 to 2' });
});

// ── the CPU itself ──

t.test('thread: what was opened and added is there again, and begins anew', async (t) => {
  const [m, , cpu] = three();
  const ran: string[] = [];
  cpu.open('TASKLET', () => ran.push('tasklet'));
  let factories = 0;
  const use = cpu.addApplication('app', () => {
    factories += 1;
    return () => 0;
  });
  cpu.localBhDisable();
  cpu.offline();
  t.same([cpu.isOnline, cpu.isReady, m.run(10), use.steps], [false, false, 0, 0]);
  cpu.online();
  t.same([cpu.isOnline, cpu.preemptCount, factories], [true, 0, 2]);
  cpu.irq(() => cpu.raise('TASKLET'));
  m.runFor(3e6);
  t.same(ran, ['tasklet']);
  t.ok(use.steps >= 2, `${use.steps} steps`);
});

t.test('thread: what cannot be is refused, and nothing is changed', async (t) => {
  const m = simulate({ cpus: 2 });
  const [cpu0, cpu1] = [m.cpus[0]!, m.cpus[1]!];
  t.throws(() => cpu0.online(), {
    code: 'EINVAL',
    message: 'cpu_up: cpu=0: it must be offline or lost, and is online (EINVAL)',
  });
  t.throws(() => cpu0.task(() => cpu0.offline()), { message: /^cpu_down: cpu=0: it is in the middle of something/ });
  t.throws(() => cpu0.irq(() => cpu1.offline()), { message: /^cpu_down: cpu=1: .*no process context/ });
  t.same([cpu0.isOnline, cpu1.isOnline], [true, true]);
});

t.test('thread: the last one stays, and one that is offline does nothing', async (t) => {
  const m = simulate({ cpus: 2 });
  const [cpu0, cpu1] = [m.cpus[0]!, m.cpus[1]!];
  cpu1.offline();
  t.throws(() => cpu1.offline(), { code: 'EINVAL', message: /it must be online, and is offline/ });
  t.throws(() => cpu0.offline(), {
    code: 'EBUSY',
    message: 'cpu_down: cpu=0: it is the last one that is online (EBUSY)',
  });
  t.throws(() => cpu0.kill(), { code: 'EBUSY' });
  t.throws(() => cpu1.kill(), { code: 'EINVAL' });
  for (const call of [() => cpu1.irq(), () => cpu1.task(() => 0), () => cpu1.turn(), () => cpu1.raise('HI')]) {
    t.throws(call, { message: /^cpu1\.[a-z]+: cpu1 is offline: online\(\) first$/ });
  }
  t.same([cpu0.isOnline, cpu1.isOnline], [true, false]);
});

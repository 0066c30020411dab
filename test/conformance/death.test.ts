// Cold. Runs on: main.
// CPUs that die, anywhere in what they do: nothing of it goes on, and others have all that they held. What Linux does not have.

import t from 'tap';
import type { TaskContext } from '../../src/cpu/application-task.js';
import type { SimulatedCpu } from '../../src/testing.js';
import { bits, busy, finds, three } from './drivers.js';

t.test('between taking an interrupt and napi_schedule: the heir polls, and unmasks', async (t) => {
  const [m, , dead] = three();
  const ring = { packets: 0 };
  const line = m.line('eth0', () => (dead.isOnline ? dead.kill() : napi.schedule()), 'latch', 1);
  const napi = m.napi('eth0', (self, budget) => {
    const work = Math.min(ring.packets, budget);
    ring.packets -= work;
    if (work < budget && self.completeDone(work)) line.unmask();
    return work;
  });
  ring.packets = 5;
  line.raise();
  t.equal(dead.turn(), undefined, 'it died in its turn');
  t.same([line.isEnabled(), napi.polls, m.smpProcessorId], [false, 0, null]);
  m.run();
  t.same([ring.packets, line.isEnabled(), bits(napi)], [0, true, '']);
});

t.test('between napi_complete_done and unmask', async (t) => {
  const [m, , dead] = three();
  let kills = 1;
  const line = m.line('eth0', () => napi.schedule(), 'latch', 1);
  const napi = m.napi('eth0', (self) => {
    self.completeDone(0);
    if (kills-- > 0) dead.kill();
    line.unmask();
    return 0;
  });
  line.raise();
  dead.turn();
  t.notOk(line.isEnabled());
  m.run();
  t.same([line.isEnabled(), napi.polls], [true, 2]);
});

t.test('an instance that is not there is left alone', async (t) => {
  const [m, , dead] = three();
  const gone = m.napi('gone', finds(0));
  gone.disable();
  gone.del();
  const before = [bits(gone), gone.holder];
  dead.kill();
  m.run();
  t.same([bits(gone), gone.holder], before);
});

t.test('in the middle of a poll, a list and a pass: nothing of it goes on, and others have all of it', async (t) => {
  const [m, cpu0, dead] = three();
  const order: string[] = [];
  const napis = ['A', 'B', 'C'].map((name) =>
    m.napi(name, (napi) => {
      order.push(`${name}${m.smpProcessorId}`);
      if (name === 'B' && dead.isOnline) dead.kill();
      order.push(`${name} done`);
      napi.completeDone(1);
      return 1;
    }),
  );
  dead.irq(() => napis.map((napi) => napi.schedule()));
  t.same(order, ['A1', 'A done', 'B1']);
  t.same([napis.map(({ holder }) => holder), dead.softirqs.NET_RX], [[0, 0, 0], 1]);
  order.length = 0;
  m.run();
  const once = ['A0', 'A done', 'B0', 'B done', 'C0', 'C done'];
  t.same(order, [...once, ...once.slice(2)], 'A, too; and once more those that it held');
  t.same([napis.map(bits), cpu0.softirqs.NET_RX], [['', '', ''], 1]);
});

t.test('by another CPU, over its poll: what it calls then does not happen', async (t) => {
  const [m, killer, dead] = three();
  const after: string[] = [];
  const a = m.napi('A', (napi) => {
    if (dead.isOnline) {
      killer.task(() => {
        dead.kill();
        after.push('the killer goes on');
      });
      after.push('and so does the dead');
    }
    napi.completeDone(0);
    return 0;
  });
  t.equal(
    dead.task(() => dead.irq(() => a.schedule())),
    undefined,
  );
  t.same([after, m.smpProcessorId], [['the killer goes on'], null]);
  m.run();
  t.same([bits(a), a.polls], ['', 3], 'there, by its heir, and once more: an interrupt may have been lost');
});

t.test('of a busy poller, its bit goes with it', async (t) => {
  const [m, , dead] = three();
  const a = m.napi('A', finds(0));
  dead.busyLoop(a.napiId, { loopEnd: () => dead.kill() === undefined });
  t.same([bits(a), a.holder], ['SCHED|MISSED', 0]);
  m.run();
  t.equal(bits(a), '');
});

t.test('of a netpoller, its NPSVC and the poll lock go with it', async (t) => {
  const [m, cpu0, dead] = three();
  const budgets: number[] = [];
  const poll = (_: unknown, budget: number) => {
    budgets.push(budget);
    if (dead.isOnline) dead.kill();
    return 0;
  };
  const a = m.napi('A', poll, { netpoll: true });
  dead.netpoll(a);
  t.same([budgets, bits(a), a.holder], [[0], 'SCHED', 0]);
  cpu0.netpoll(a);
  t.same([budgets, bits(a)], [[0, 0], 'SCHED']);
});

t.test('of a leaving one, the operation is complete', async (t) => {
  const [m, , dead] = three();
  const offline = dead.beginOffline();
  dead.kill();
  m.run();
  t.ok(offline.step());
  dead.online();
  t.ok(dead.isOnline);
});

t.test('of whoever takes another offline: that is completed, and others have both', async (t) => {
  const [m, by, dead] = three();
  const a = m.napi('A', busy);
  dead.irq(() => a.schedule());
  const line = m.line('eth0', () => by.kill(), 'latch', 0);
  line.raise();
  by.task(() => dead.offline());
  t.same([by.isOnline, dead.isOnline], [false, false]);
  dead.turn(); // it leaves, and nobody waits for that
  m.turn();
  t.equal(a.holder, 2);
  dead.online();
  by.online();
  t.same([dead.isOnline, by.isOnline], [true, true]);
});

t.test('in a task’s step: it is no error of the task, which begins anew with the next thread', async (t) => {
  const [m, , dead] = three();
  let steps = 0;
  const use = dead.addApplication('app', () => () => {
    steps += 1;
    if (steps === 1) dead.kill();
    return steps < 3;
  });
  t.equal(dead.turn(), undefined);
  t.same([steps, use.steps], [1, 0], 'the step was not over');
  dead.online();
  m.runFor(0);
  t.same([steps, use.steps], [3, 2]);
});

t.test('what it left is on no list that can be read there', async (t) => {
  const [m, , dead] = three();
  for (const name of ['A', 'B']) dead.irq(() => m.napi(name, busy).schedule());
  t.same(dead.pollList, ['A', 'B']);
  dead.kill();
  t.same([dead.pollList, dead.localList, dead.repollList], [[], [], []]);
});

// ── code that catches everything catches the end, too: nothing goes on all the same ──

/** Ends the CPU, and goes on as if nothing had been. */
function dieUnseen(cpu: SimulatedCpu): true {
  try {
    if (cpu.isOnline) cpu.kill();
  } catch {}
  return true;
}

t.test('caught in a poll: it is not on behalf of that CPU that the instance is completed', async (t) => {
  const [m, , dead] = three();
  const after: string[] = [];
  const a = m.napi('A', (napi) => {
    dieUnseen(dead);
    const unmask = napi.completeDone(0);
    after.push(`${m.smpProcessorId}: ${unmask}`);
    return 0;
  });
  dead.irq(() => a.schedule());
  t.same([after, bits(a), a.holder], [[], 'SCHED|MISSED', 0]);
  m.run();
  t.same([after, bits(a)], [['0: false', '0: true'], '']);
});

t.test('caught in an interrupt handler, or in a softirq: no other follows', async (t) => {
  for (const line of [true, false]) {
    const [m, , dead] = three();
    const ran: string[] = [];
    m.line('eth0', () => dieUnseen(dead), 'latch', line ? 1 : 2).raise();
    dead.open('TASKLET', () => dieUnseen(dead));
    dead.open('SCHED', () => ran.push('SCHED'));
    dead.mark('TASKLET');
    dead.mark('SCHED');
    dead.irq();
    t.same([ran, dead.isOnline, m.smpProcessorId], [[], false, null]);
  }
});

t.test('caught in its backlog’s receiver: the next packet is the heir’s', async (t) => {
  const [m, cpu0, dead] = three();
  const packets: unknown[] = [];
  dead.backlog.onPacket = () => dieUnseen(dead);
  cpu0.backlog.onPacket = (packet) => packets.push(packet);
  cpu0.bhDisabled(() => ['a', 'b'].map((packet) => cpu0.enqueueToBacklog(1, packet)));
  m.run();
  t.same([packets, dead.processed, cpu0.processed], [['b'], 1, 1]);
});

t.test('caught in the end of a busy loop, or of a task’s: it does not poll once more', async (t) => {
  for (const task of [true, false]) {
    const [m, , dead] = three();
    const on: (number | null)[] = [];
    const a = m.napi('A', (napi) => {
      on.push(m.smpProcessorId);
      napi.completeDone(0);
      return 0;
    });
    const loopEnd = () => dieUnseen(dead);
    const step =
      ({ napi }: TaskContext) =>
      () =>
        napi.busyLoop(a.napiId, { loopEnd }) ?? 0;
    if (task) dead.addApplication('app', step);
    if (task) dead.turn();
    else dead.busyLoop(a.napiId, { loopEnd });
    t.same([on, bits(a), a.holder], [[1], 'SCHED|MISSED', 0]);
    m.run();
    t.same([on, bits(a)], [[1, 0, 0], '']);
  }
});

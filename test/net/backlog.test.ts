// Cold. Runs on: main.
// The backlog: how much fits, what a poll does, in which order.

import t from 'tap';
import { NETDEV_MAX_BACKLOG_MAX } from '../../src/napi/sysctl.js';
import { backlogWaiting } from '../../src/net/backlog-counts.js';
import { readBacklog } from '../../src/net/backlog-packets.js';
import { Rig } from '../driver/rig.js';

const RING = 4096;
/** Instance of CPU 0's backlog: the queue's comes first. */
const BACKLOG = 1;
const FITS = NETDEV_MAX_BACKLOG_MAX + 1;

function interruptMode(): Rig {
  return new Rig({ mode: 'interrupt', ring: RING });
}

/** `count` packets, each set aside by an interrupt of its own; no softirq runs. */
function setAside(rig: Rig, count: number, length = 60): void {
  rig.receive(count, length);
  while (rig.cpu.handlersOnly() > 0);
}

function waiting(rig: Rig): number {
  return backlogWaiting(rig.views, rig.plan.backlogs[0]!);
}

t.test('1,001 fit, the 1,002nd is dropped', async (t) => {
  const rig = interruptMode();
  setAside(rig, FITS);
  t.equal(waiting(rig), FITS);
  t.equal(rig.cpu.counters().dropped, 0);
  setAside(rig, 1);
  t.equal(waiting(rig), FITS);
  t.equal(rig.cpu.counters().dropped, 1);
  rig.checkBuffers();
  setAside(rig, 500);
  t.equal(rig.cpu.counters().dropped, 501);
  t.equal(rig.cpu.counters().hardirqs, FITS + 501, 'an interrupt each, for nothing');
  rig.checkBuffers();
});

t.test('what process_backlog has taken over no longer counts: 1,001 fit again', async (t) => {
  const rig = interruptMode();
  rig.cpu.delivers = false;
  setAside(rig, FITS);
  t.equal(rig.cpu.backlog.poll(1), 1);
  setAside(rig, FITS);
  t.equal(rig.cpu.counters().dropped, 0);
  t.equal(waiting(rig), 2 * FITS - 1);
  setAside(rig, 1);
  t.equal(rig.cpu.counters().dropped, 1);
  rig.checkBuffers();
});

t.test('at most its quota; exactly the quota brings one more poll', async (t) => {
  const rig = interruptMode();
  rig.cpu.delivers = false;
  setAside(rig, 128);
  rig.cpu.needResched = true;
  const pass = () => {
    rig.cpu.emptyIrq();
    return rig.cpu.counters().processed;
  };
  t.same([pass(), pass()], [64, 128]);
  t.ok(rig.cpu.softirqs.pending, 'all are processed, which it does not know yet');
  t.equal(pass(), 128);
  t.equal(rig.cpu.counters().NET_RX, 3);
});

t.test('packets keep their order, when the slots wrap too', async (t) => {
  const rig = interruptMode();
  const lengths: number[] = [];
  rig.cpu.sink = (burst) => lengths.push(burst.length(0));
  const sent: number[] = [];
  for (let round = 0; round < 40; round += 1) {
    for (let i = 0; i < 100; i += 1) {
      const length = 60 + ((round * 100 + i) % 1000);
      sent.push(length);
      setAside(rig, 1, length);
    }
    rig.cpu.emptyIrq();
    rig.cpu.softirqs.runKsoftirqd();
  }
  t.equal(sent.length, 4000, 'more than twice the slots');
  t.same(lengths, sent);
  rig.checkBuffers();
});

t.test('a delivery point lies between two packets: at overload the softirq starves', async (t) => {
  const rig = interruptMode();
  const waited: number[] = [];
  rig.cpu.sink = () => waited.push(waiting(rig));
  rig.receive(3);
  rig.cpu.handlersOnly();
  rig.receive(4);
  rig.cpu.emptyIrq();
  t.same(waited, [2, 5, 4, 3, 2, 1, 0], 'four came after the first packet, before the second');
  t.equal(rig.cpu.counters().hardirqs, 7);
});

t.test('what lies in a backlog is found, with all its buffers', async (t) => {
  const rig = interruptMode();
  setAside(rig, 2, 5000);
  setAside(rig, 3);
  const { frames, buffers } = readBacklog(rig.views, rig.plan.backlogs[0]!, rig.plan.cpus[0]!.links);
  t.equal(frames, 5);
  t.equal(buffers.length, 2 * 3 + 3);
  t.equal(new Set(buffers).size, buffers.length);
  rig.cpu.emptyIrq();
  t.equal(waiting(rig), 0);
});

t.test('netdev_max_backlog: a new limit holds from the next poll on', async (t) => {
  const rig = interruptMode();
  rig.machine.sysctls.set('net.core.netdev_max_backlog', 10);
  setAside(rig, 12);
  t.equal(waiting(rig), 12);
  rig.cpu.doWork();
  setAside(rig, 12);
  t.equal(waiting(rig), 11, 'one more than the limit fits');
  t.equal(rig.cpu.counters().dropped, 1);
  rig.checkBuffers();
});

t.test('flow limit: what is over it is dropped, and its buffers are free', async (t) => {
  const rig = interruptMode();
  rig.machine.sysctls.set('net.core.flow_limit_cpu_bitmap', 1);
  rig.cpu.backlog.poll(1);
  rig.hash = 7;
  setAside(rig, 500 + 64 + 3);
  t.equal(waiting(rig), 500 + 64);
  rig.hash = 8;
  setAside(rig, 10);
  const { dropped, flowLimitCount } = rig.cpu.counters();
  t.same([waiting(rig), dropped, flowLimitCount], [500 + 64 + 10, 3, 3]);
  rig.checkBuffers();
  t.equal(rig.cpus[1]!.backlog.inherit(0), 500 + 64 + 10, 'an heir without a table takes all of them');
  rig.checkBuffers();
});

t.test('dev_weight × dev_weight_rx_bias: a change takes effect one poll late', async (t) => {
  const rig = interruptMode();
  const { sysctls } = rig.machine;
  const budgets: number[] = [];
  const poll = rig.cpu.backlog.poll.bind(rig.cpu.backlog);
  rig.cpu.backlog.poll = (budget) => {
    budgets.push(budget);
    return poll(budget);
  };
  sysctls.set('net.core.dev_weight', 5);
  sysctls.set('net.core.dev_weight_rx_bias', 2);
  setAside(rig, 90);
  rig.cpu.doWork();
  t.same(budgets.slice(0, 3), [64, 10, 10]);
});

t.test('an heir processes what an ended CPU has left, with its buffers', async (t) => {
  const rig = interruptMode();
  const [dead, heir] = [rig.cpus[0]!, rig.cpus[1]!];
  const lengths: number[] = [];
  heir.sink = (burst) => lengths.push(burst.length(0));
  for (const length of [60, 5000, 61]) setAside(rig, 1, length);
  t.equal(heir.backlog.inherit(0), 3);
  t.equal(waiting(rig), 0);
  rig.checkBuffers();
  heir.emptyIrq();
  t.same([lengths, heir.counters().processed, dead.counters().processed], [[60, 5000, 61], 3, 0]);
  rig.checkBuffers();
});

t.test(
  'whoever was beside the backlog of an ended CPU on a list, and is on the heir’s by now, stays there',
  async (t) => {
    const rig = interruptMode();
    const [dead, heir] = [rig.cpus[0]!, rig.cpus[1]!];
    dead.softnet.napiSchedule(0);
    dead.softnet.napiSchedule(BACKLOG);
    rig.state.takeOver(0, 1);
    heir.softnet.napiScheduleHeld(0);
    t.equal(heir.backlog.inherit(0), 0);
    t.same(heir.softnet.pollList.ids(), [0]);
    const { state } = dead.softnet.napis[BACKLOG]!;
    t.same([state.isLinked(), state.holder()], [false, -1]);
  },
);

t.test('what finds no room at the heir is dropped, and its buffers are free', async (t) => {
  const rig = interruptMode();
  const heir = rig.cpus[1]!;
  rig.machine.sysctls.set('net.core.netdev_max_backlog', 1);
  heir.backlog.poll(1);
  setAside(rig, 4, 5000);
  t.equal(heir.backlog.inherit(0), 4);
  t.equal(heir.counters().dropped, 2);
  rig.checkBuffers();
  heir.emptyIrq();
  t.equal(heir.counters().processed, 2);
  rig.checkBuffers();
});

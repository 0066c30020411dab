// Cold. Runs on: main.
// Softirqs of one CPU: order, passes, limits, ksoftirqd (kernel-semantics.md §3). Case numbers are those of its §9.

import t from 'tap';
import { VirtualClock } from '../../src/runtime/clock.js';
import { NET_RX_SOFTIRQ, Softirqs } from '../../src/softirq/softirq.js';
import { counterAt, space } from '../memory/space.js';

const TIMER = 1;
const RCU = 9;
const HI = 0;
const MS = 1e6;
const COUNTERS = { netRxSoftirqs: 256, ksoftirqdRuns: 264 };

/** Softirqs with actions that note their vector, and hooks that a test may replace. */
class Rig {
  readonly clock = new VirtualClock();
  readonly hooks = { deliver: () => 0, needResched: () => false };
  readonly softirqs: Softirqs;
  readonly ran: number[] = [];
  private readonly views = space();

  constructor() {
    const hooks = { deliver: () => this.hooks.deliver(), needResched: () => this.hooks.needResched() };
    this.softirqs = new Softirqs(this.views, 64, this.clock, hooks, COUNTERS);
    for (const vector of [HI, TIMER, NET_RX_SOFTIRQ, RCU]) this.open(vector, () => {});
  }

  open(vector: number, action: () => void): void {
    const run = () => {
      this.ran.push(vector);
      action();
    };
    this.softirqs.open(vector, { run });
  }

  /** NET_RX that always leaves work behind. */
  openBusy(action: () => void = () => {}): void {
    this.open(NET_RX_SOFTIRQ, () => {
      action();
      this.softirqs.raise(NET_RX_SOFTIRQ);
    });
  }

  raise(...vectors: number[]): this {
    for (const vector of vectors) this.softirqs.raise(vector);
    return this;
  }

  count(name: keyof typeof COUNTERS): number {
    return counterAt(this.views, COUNTERS[name]);
  }
}

t.test('N17: the lowest vector first', async (t) => {
  const rig = new Rig().raise(RCU, NET_RX_SOFTIRQ, HI, TIMER);
  rig.softirqs.irqExit();
  t.same(rig.ran, [HI, TIMER, NET_RX_SOFTIRQ, RCU]);
  t.notOk(rig.softirqs.anyPending());
});

t.test('N18: what a handler raises runs in the next pass', async (t) => {
  const rig = new Rig();
  rig.open(NET_RX_SOFTIRQ, () => rig.ran.length === 1 && rig.raise(TIMER, RCU));
  rig.raise(NET_RX_SOFTIRQ);
  rig.softirqs.irqExit();
  t.same(rig.ran, [NET_RX_SOFTIRQ, TIMER, RCU], 'RCU too, although its turn was still to come');
});

t.test('N23: many raises, one run', async (t) => {
  const rig = new Rig().raise(...Array<number>(100).fill(NET_RX_SOFTIRQ));
  rig.softirqs.irqExit();
  t.same(rig.ran, [NET_RX_SOFTIRQ]);
  t.equal(rig.count('netRxSoftirqs'), 1);
});

t.test('only runs of NET_RX count as such', async (t) => {
  const rig = new Rig().raise(TIMER, RCU);
  rig.softirqs.irqExit();
  t.equal(rig.count('netRxSoftirqs'), 0);
});

t.test('ten passes, then ksoftirqd', async (t) => {
  const rig = new Rig();
  rig.openBusy();
  rig.raise(NET_RX_SOFTIRQ).softirqs.irqExit();
  t.equal(rig.ran.length, 10);
  t.equal(rig.count('netRxSoftirqs'), 10);
  t.ok(rig.softirqs.anyPending());
  t.equal(rig.softirqs.runKsoftirqd(), true);
  t.equal(rig.ran.length, 20, 'with the same limits');
  t.equal(rig.count('ksoftirqdRuns'), 1);
});

t.test('work that ends with the tenth pass wakes nobody', async (t) => {
  const rig = new Rig();
  rig.open(NET_RX_SOFTIRQ, () => rig.ran.length < 10 && rig.raise(NET_RX_SOFTIRQ));
  rig.raise(NET_RX_SOFTIRQ).softirqs.irqExit();
  t.equal(rig.ran.length, 10);
  t.notOk(rig.softirqs.anyPending());
  t.equal(rig.softirqs.runKsoftirqd(), false);
});

t.test('N20: two jiffies end it between two passes', async (t) => {
  const rig = new Rig();
  rig.openBusy(() => rig.ran.length === 3 && rig.clock.advance(2 * MS));
  rig.raise(NET_RX_SOFTIRQ).softirqs.irqExit();
  t.equal(rig.ran.length, 3);
  t.equal(rig.softirqs.runKsoftirqd(), true);
});

t.test('the limit is two jiffies, not one, and holds when they wrap', async (t) => {
  for (const start of [0, 2 ** 31 - 1]) {
    const rig = new Rig();
    rig.clock.advance(start * MS);
    rig.openBusy(() => rig.clock.advance(0.5 * MS));
    rig.raise(NET_RX_SOFTIRQ).softirqs.irqExit();
    t.equal(rig.ran.length, 4, `from jiffy ${start}`);
  }
});

t.test('need_resched ends it between two passes', async (t) => {
  const rig = new Rig();
  rig.openBusy();
  rig.hooks.needResched = () => rig.ran.length === 2;
  rig.raise(NET_RX_SOFTIRQ).softirqs.irqExit();
  t.equal(rig.ran.length, 2);
  t.equal(rig.softirqs.runKsoftirqd(), true);
});

t.test('need_resched is asked only when there is more to do', async (t) => {
  const rig = new Rig();
  rig.hooks.needResched = () => t.fail('asked');
  rig.raise(NET_RX_SOFTIRQ).softirqs.irqExit();
  t.same(rig.ran, [NET_RX_SOFTIRQ]);
});

t.test('a delivery point lies behind every pass, and what comes there is run', async (t) => {
  const rig = new Rig();
  const deliveries: number[] = [];
  rig.hooks.deliver = () => {
    deliveries.push(rig.ran.length);
    if (deliveries.length < 3) rig.raise(NET_RX_SOFTIRQ);
    return 1;
  };
  rig.raise(TIMER).softirqs.irqExit();
  t.same(rig.ran, [TIMER, NET_RX_SOFTIRQ, NET_RX_SOFTIRQ]);
  t.same(deliveries, [1, 2, 3]);
});

t.test('softirqs do not nest: an interrupt over one leaves its bit pending', async (t) => {
  const rig = new Rig();
  let depth = 0;
  rig.open(NET_RX_SOFTIRQ, () => {
    depth += 1;
    t.equal(depth, 1);
    if (rig.ran.length < 3) rig.raise(NET_RX_SOFTIRQ);
    rig.softirqs.irqExit();
    depth -= 1;
  });
  rig.raise(NET_RX_SOFTIRQ).softirqs.irqExit();
  t.equal(rig.ran.length, 3);
});

t.test('inline processing goes on although ksoftirqd was woken (since d15121be7485)', async (t) => {
  const rig = new Rig();
  rig.openBusy();
  rig.raise(NET_RX_SOFTIRQ).softirqs.irqExit();
  rig.open(NET_RX_SOFTIRQ, () => {});
  rig.softirqs.irqExit();
  t.equal(rig.ran.length, 11, 'irq_exit has run it');
  t.equal(rig.softirqs.runKsoftirqd(), false, 'ksoftirqd finds nothing');
  t.equal(rig.count('ksoftirqdRuns'), 0);
  t.notOk(rig.softirqs.anyPending());
});

t.test('a vector that nobody opened is dropped', async (t) => {
  const rig = new Rig().raise(5, TIMER);
  rig.softirqs.irqExit();
  t.same(rig.ran, [TIMER]);
  t.notOk(rig.softirqs.anyPending());
});

t.test('nothing pending, nothing run', async (t) => {
  const rig = new Rig();
  rig.softirqs.irqExit();
  t.equal(rig.softirqs.runKsoftirqd(), false);
  t.same(rig.ran, []);
});

// Cold. Runs on: main.
// The driver's poll: how each one ends, and what may happen between its last look at the ring and the unmask.

import t from 'tap';
import { NO_HOLDER } from '../../src/napi/state.js';
import { Rig } from './rig.js';
import type { RigCpu } from './rig-cpu.js';

const WEIGHT = 64;

/** How this CPU's polls have ended, after checking that each ended in exactly one way. */
function ends(cpu: RigCpu) {
  const { polls, completions, fullBudgetPolls, missedReschedules, deferredPolls, unaskedPolls } = cpu.polls();
  const all = completions + fullBudgetPolls + missedReschedules + deferredPolls + unaskedPolls;
  if (polls !== all) throw new Error(`polls=${polls}: not one end each`);
  return { completions, fullBudgetPolls, missedReschedules };
}

/** Runs `action` once, when a poll has looked at the ring for the last time and still holds SCHED. */
function beforeRelease(cpu: RigCpu, action: () => void): void {
  cpu.beforeRelease = () => {
    cpu.beforeRelease = () => {};
    action();
  };
}

/** Runs `action` once, when the line has just been unmasked. */
function afterUnmask(cpu: RigCpu, action: () => void): void {
  const unmask = cpu.line.unmask.bind(cpu.line);
  cpu.line.unmask = () => {
    cpu.line.unmask = unmask;
    const asked = unmask();
    action();
    return asked;
  };
}

for (const irq of ['latch', 'nolatch'] as const) {
  t.test(`${irq}: a ring that is drained under budget: complete, unmask`, async (t) => {
    const rig = new Rig({ irq });
    rig.receive(10);
    t.equal(rig.cpu.doWork(), 1);
    t.same(ends(rig.cpu), { completions: 1, fullBudgetPolls: 0, missedReschedules: 0 });
    t.match(rig.cpu.counters(), { hardirqs: 1, delivered: 10, processed: 10 });
    t.match(rig.cpu.polls(), { irqs: 1, taken: 10 });
    rig.receive(1);
    t.equal(rig.cpu.doWork(), 1, 'the interrupt is on again');
    rig.checkBuffers();
  });

  t.test(`${irq}: the whole budget: not complete, no interrupt, polled again`, async (t) => {
    const rig = new Rig({ irq });
    rig.receive(2 * WEIGHT);
    rig.cpu.doWork();
    t.same(ends(rig.cpu), { completions: 1, fullBudgetPolls: 2, missedReschedules: 0 });
    t.match(rig.cpu.counters(), { hardirqs: 1, delivered: 2 * WEIGHT });
  });

  t.test(`${irq}: MISSED: polled again, the line stays masked`, async (t) => {
    const rig = new Rig({ irq });
    beforeRelease(rig.cpu, () => rig.cpu.softnet.napiSchedule(0));
    rig.receive(5);
    rig.cpu.doWork();
    t.same(ends(rig.cpu), { completions: 1, fullBudgetPolls: 0, missedReschedules: 1 });
    t.equal(rig.state.holder(), NO_HOLDER);
  });

  t.test(`${irq}: a frame comes during the poll and is seen by it`, async (t) => {
    const rig = new Rig({ irq, settings: { weight: 4 } });
    rig.cpu.sink = () => {
      rig.cpu.sink = () => {};
      rig.receive(3);
    };
    rig.receive(4);
    rig.cpu.doWork();
    t.equal(rig.cpu.counters().delivered, 7);
    t.equal(rig.cpu.interrupts.any(), false);
  });
}

t.test('budget 0, netpoll: touches nothing and returns 0', async (t) => {
  const rig = new Rig();
  rig.receive(3);
  const poll = rig.cpu.softnet.napis[0]!.poll;
  t.equal(poll.poll(0), 0);
  t.same(rig.cpu.polls().polls, 0, 'no poll is counted');
  rig.line.retarget(1);
  t.equal(poll.poll(0), 0, 'nor less, when the line has moved');
  rig.checkBuffers();
});

t.test('D01: latch: a frame between the last look and the unmask: the interrupt comes at once', async (t) => {
  const rig = new Rig();
  beforeRelease(rig.cpu, () => rig.receive(3));
  rig.receive(5);
  rig.cpu.delivers = false;
  rig.cpu.doWork();
  t.equal(rig.cpu.counters().delivered, 5);
  t.same(ends(rig.cpu), { completions: 1, fullBudgetPolls: 0, missedReschedules: 0 });
  t.ok(rig.line.isPending(), 'the unmask has made it pending');
  t.equal(rig.cpu.doWork(), 1);
  t.equal(rig.cpu.counters().delivered, 8);
  t.match(rig.cpu.polls(), { irqs: 2, completions: 2 });
});

t.test('D02: nolatch: the same frame leaves no trace, and the look after the unmask finds it', async (t) => {
  const rig = new Rig({ irq: 'nolatch' });
  beforeRelease(rig.cpu, () => rig.receive(3));
  rig.receive(5);
  rig.cpu.doWork();
  t.equal(rig.cpu.counters().delivered, 8);
  t.same(ends(rig.cpu), { completions: 1, fullBudgetPolls: 0, missedReschedules: 1 });
  t.equal(rig.cpu.counters().hardirqs, 1, 'polled again without an interrupt');
});

t.test('D02: nolatch: a frame behind the unmask brings its own interrupt, and is not polled twice for', async (t) => {
  const rig = new Rig({ irq: 'nolatch' });
  afterUnmask(rig.cpu, () => rig.receive(3));
  rig.receive(5);
  rig.cpu.delivers = false;
  rig.cpu.doWork();
  t.same(ends(rig.cpu), { completions: 1, fullBudgetPolls: 0, missedReschedules: 0 });
  t.ok(rig.line.isPending());
  t.notOk(rig.cpu.softnet.isScheduled(0));
  rig.cpu.doWork();
  t.match(rig.cpu.counters(), { delivered: 8, hardirqs: 2 });
});

t.test('a line that has moved: the busy poll completes early, and the new CPU goes on', async (t) => {
  for (const irq of ['latch', 'nolatch'] as const) {
    const rig = new Rig({ irq });
    const [old, next] = rig.cpus as [RigCpu, RigCpu];
    old.sink = () => rig.line.retarget(1);
    rig.receive(200);
    old.doWork();
    t.same(ends(old), { completions: 1, fullBudgetPolls: 0, missedReschedules: 0 }, irq);
    t.equal(old.counters().delivered, WEIGHT);
    t.notOk(old.softirqs.pending);
    t.equal(rig.state.holder(), NO_HOLDER);
    t.equal(next.doWork(), 1, 'the driver has raised the line for what is left');
    t.equal(next.counters().delivered, 200 - WEIGHT);
    t.same(ends(next), { completions: 1, fullBudgetPolls: 2, missedReschedules: 0 });
    rig.checkBuffers();
  }
});

t.test('a line that has moved, and a frame that was remembered: one interrupt, not two', async (t) => {
  const rig = new Rig();
  const [old, next] = rig.cpus as [RigCpu, RigCpu];
  old.sink = () => {
    rig.line.retarget(1);
    rig.receive(1);
  };
  rig.receive(WEIGHT);
  old.doWork();
  t.equal(next.doWork(), 1);
  t.equal(next.doWork(), 0);
  t.match(next.counters(), { delivered: 1, hardirqs: 1 });
});

t.test('a line that has moved, and nothing is left: complete, no interrupt', async (t) => {
  const rig = new Rig();
  const [old, next] = rig.cpus as [RigCpu, RigCpu];
  old.sink = () => rig.line.retarget(1);
  rig.receive(WEIGHT);
  old.doWork();
  t.same(ends(old), { completions: 1, fullBudgetPolls: 0, missedReschedules: 0 });
  t.equal(next.doWork(), 0);
  rig.receive(1);
  t.equal(old.doWork(), 0);
  t.equal(next.doWork(), 1, 'the next interrupt is the new CPU’s');
});

t.test('a line that moves away and back: the early completion is taken back', async (t) => {
  const rig = new Rig();
  rig.cpu.sink = () => rig.line.retarget(1);
  afterUnmask(rig.cpu, () => {
    rig.cpu.sink = () => {};
    rig.line.retarget(0);
  });
  rig.receive(WEIGHT + 10);
  rig.cpu.doWork();
  t.same(ends(rig.cpu), { completions: 1, fullBudgetPolls: 0, missedReschedules: 1 });
  t.equal(rig.cpu.counters().delivered, WEIGHT + 10);
  t.equal(rig.cpus[1]!.doWork(), 0);
});

t.test('a line that moves and is not busy: the current poll ends here, the next one there', async (t) => {
  const rig = new Rig();
  rig.cpu.sink = () => rig.line.retarget(1);
  rig.receive(10);
  rig.cpu.doWork();
  rig.receive(10);
  rig.cpus[1]!.doWork();
  t.same(
    rig.cpus.map((cpu) => cpu.counters().delivered),
    [10, 10],
  );
});

t.test('a weight under 64', async (t) => {
  const rig = new Rig({ settings: { weight: 16 } });
  const bursts: number[] = [];
  rig.cpu.sink = ({ count }) => bursts.push(count);
  rig.receive(40);
  rig.cpu.doWork();
  t.same(bursts, [16, 16, 8]);
  t.same(ends(rig.cpu), { completions: 1, fullBudgetPolls: 2, missedReschedules: 0 });
});

t.test('a weight of 1', async (t) => {
  const rig = new Rig({ settings: { weight: 1 } });
  rig.receive(3);
  rig.cpu.doWork();
  t.same(ends(rig.cpu), { completions: 1, fullBudgetPolls: 3, missedReschedules: 0 });
  rig.cpu.sink = () => rig.line.retarget(1);
  rig.receive(2);
  rig.cpu.doWork();
  rig.cpus[1]!.doWork();
  t.same(
    rig.cpus.map((cpu) => cpu.counters().delivered),
    [4, 1],
  );
});

t.test('netdev_budget 15 with weight 16: each full poll squeezes', async (t) => {
  const rig = new Rig({ settings: { weight: 16 } });
  rig.machine.sysctls.set('net.core.netdev_budget', 15);
  rig.receive(40);
  rig.cpu.doWork();
  t.equal(rig.cpu.counters().timeSqueeze, 2, 'not the one of eight');
  t.equal(rig.cpu.counters().delivered, 40);
});

t.test('a budget over 64 is worked in bursts of 64', async (t) => {
  const rig = new Rig();
  const bursts: number[] = [];
  rig.cpu.sink = ({ count }) => bursts.push(count);
  rig.receive(150);
  t.equal(rig.cpu.poll.poll(100), 100);
  t.same(bursts, [64, 36]);
});

t.test('D09: a frame whose end is not visible stays in the ring, and is delivered once', async (t) => {
  const rig = new Rig();
  const lengths: number[] = [];
  rig.cpu.sink = (burst) => lengths.push(...Array.from({ length: burst.count }, (_, i) => burst.length(i)));
  rig.receivePart(3, 1);
  rig.cpu.doWork();
  t.same(lengths, []);
  t.match(rig.cpu.polls(), { taken: 0, completions: 1 });
  rig.publish();
  rig.cpu.doWork();
  t.same(lengths, [2 * 2048 + 60]);
  t.match(rig.cpu.polls(), { taken: 1, completions: 2 }, 'counted in the poll that sees its end');
  rig.checkBuffers();
});

t.test('D09: whole frames before a partial one are delivered; the rest is for whoever polls next', async (t) => {
  const rig = new Rig();
  const [old, next] = rig.cpus as [RigCpu, RigCpu];
  old.sink = () => rig.line.retarget(1);
  rig.receive(5, 3000);
  rig.receivePart(5, 2);
  old.doWork();
  t.equal(old.counters().delivered, 5);
  rig.publish();
  next.doWork();
  t.match(next.counters(), { delivered: 1, deliveredBytes: 4 * 2048 + 60 });
  rig.checkBuffers();
});

t.test('a burst is in hand while it is worked on, and SCHED is held until all is out', async (t) => {
  const rig = new Rig();
  const seen: number[] = [];
  rig.cpu.sink = () => seen.push(rig.state.inHand(), rig.state.holder());
  beforeRelease(rig.cpu, () => {
    seen.push(rig.state.inHand(), rig.state.holder());
    rig.checkBuffers();
  });
  rig.receive(5);
  rig.cpu.doWork();
  t.same(seen, [5, 0, 0, 0]);
});

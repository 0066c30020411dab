// Cold. Runs on: main.
// net_rx_action: who is polled, in which order, how often, and what ends it. Case numbers are those of kernel-semantics.md §9.

import t from 'tap';
import { NO_HOLDER } from '../../src/napi/state.js';
import { busy, CPU, finds, idOf, SoftnetRig, WEIGHT } from './softnet-rig.js';

t.test('one poll that completes', async (t) => {
  const rig = new SoftnetRig();
  rig.add(finds(5));
  t.same(rig.schedule('A'), [true]);
  t.equal(rig.states[0]!.holder(), CPU);
  t.ok(rig.softnet.isScheduled(0));
  rig.softirqs.irqExit();
  t.same(rig.passes, ['A']);
  t.notOk(rig.softnet.isScheduled(0));
  t.notOk(rig.softirqs.anyPending());
  t.equal(rig.count('timeSqueeze'), 0);
});

t.test('N01: one that is always busy: ten passes, then ksoftirqd', async (t) => {
  const rig = new SoftnetRig();
  rig.add(busy);
  rig.irq('A');
  t.same(rig.passes, Array(10).fill('A'), '640 packets');
  t.equal(rig.count('netRxSoftirqs'), 10);
  t.equal(rig.count('timeSqueeze'), 0);
  t.equal(rig.count('ksoftirqdRuns'), 0);
  t.ok(rig.softirqs.anyPending());
  t.ok(rig.softirqs.runKsoftirqd(), 'it was woken');
  t.equal(rig.polls, 20);
});

t.test('N02: four that are always busy fit a pass', async (t) => {
  const rig = new SoftnetRig();
  rig.add(busy, busy, busy, busy);
  rig.schedule('ABCD');
  rig.run(2);
  t.same(rig.passes, ['ABCD', 'ABCD']);
  t.equal(rig.count('timeSqueeze'), 0);
  t.ok(rig.softirqs.anyPending(), 'raised again');
});

t.test('five squeeze in every pass, six take turns', async (t) => {
  const five = new SoftnetRig();
  five.add(busy, busy, busy, busy, busy);
  five.schedule('ABCDE');
  five.run(3);
  t.same(five.passes, ['ABCDE', 'ABCDE', 'ABCDE']);
  t.equal(five.count('timeSqueeze'), 3);
  const six = new SoftnetRig();
  six.add(busy, busy, busy, busy, busy, busy);
  six.schedule('ABCDEF');
  six.run(4);
  t.same(six.passes, ['ABCDE', 'FABCD', 'EFABC', 'DEFAB']);
  t.equal(six.count('timeSqueeze'), 4);
});

t.test('N05: the budget is used up by the last packet of the last instance', async (t) => {
  const rig = new SoftnetRig({ budget: 50 });
  rig.add(finds(50));
  rig.irq('A');
  t.equal(rig.count('timeSqueeze'), 1, 'counts although nothing is left');
  t.notOk(rig.softirqs.anyPending(), 'NET_RX is not raised again');
});

t.test('at least one is polled, whatever the budget', async (t) => {
  const rig = new SoftnetRig({ budget: 1 });
  rig.add(busy, busy);
  rig.schedule('AB');
  rig.run(3);
  t.same(rig.passes, ['A', 'B', 'A']);
});

t.test('N07: a newly scheduled one comes before one that has more to do', async (t) => {
  const rig = new SoftnetRig();
  const schedulesB = (r: SoftnetRig) => {
    r.schedule('B');
    return WEIGHT;
  };
  rig.add(schedulesB, finds(1));
  rig.schedule('A');
  rig.run(3);
  t.same(rig.passes, ['A', 'BA', 'BA']);
});

t.test('fairness: the unpolled, then the newly scheduled, then the repollers', async (t) => {
  const rig = new SoftnetRig({ budget: 2 * WEIGHT });
  rig.add(busy, busy, busy, finds(1));
  rig.schedule('ABC');
  rig.atDelivery = () => rig.passes.at(-1) === 'A' && rig.schedule('D');
  rig.run(2);
  t.same(rig.passes, ['AB', 'CDA']);
});

t.test('N09: two that schedule each other go on within one invocation', async (t) => {
  const rig = new SoftnetRig();
  const ping = (other: string) => (r: SoftnetRig, id: number) => {
    r.softnet.completeDone(id);
    r.schedule(other);
    return 1;
  };
  rig.add(ping('B'), ping('A'));
  rig.schedule('A');
  rig.run(1);
  t.equal(rig.passes.length, 1);
  t.equal(rig.polls, 300, 'until the budget is gone');
  t.equal(rig.count('timeSqueeze'), 1);
  t.ok(rig.softirqs.anyPending());
});

t.test('N09, limited by time: two jiffies', async (t) => {
  const rig = new SoftnetRig();
  const slow = (other: string) => (r: SoftnetRig, id: number) => {
    r.softnet.completeDone(id);
    r.schedule(other);
    r.advanceMs(0.1);
    return 1;
  };
  rig.add(slow('B'), slow('A'));
  rig.schedule('A');
  rig.run(1);
  t.equal(rig.polls, 20);
  t.equal(rig.count('timeSqueeze'), 1);
});

t.test('N10: a poll of three jiffies ends the invocation; the others are carried over in order', async (t) => {
  const rig = new SoftnetRig();
  const slow = (r: SoftnetRig, id: number) => {
    r.advanceMs(3);
    r.softnet.completeDone(id);
    return 1;
  };
  rig.add(slow, slow, slow);
  rig.schedule('ABC');
  rig.run(1);
  t.same(rig.passes, ['A']);
  t.equal(rig.count('timeSqueeze'), 1);
  rig.run(2);
  t.same(rig.passes, ['A', 'B', 'C']);
  t.notOk(rig.softirqs.anyPending() && rig.softirqs.runKsoftirqd(), 'nothing is left');
});

t.test('the time limit is netdev_budget_usecs in jiffies, taken at the start', async (t) => {
  for (const [budgetUsecs, polls] of [
    [2000, 2],
    [4000, 4],
    [4001, 5],
  ] as const) {
    const rig = new SoftnetRig({ budgetUsecs });
    const slow = (r: SoftnetRig, id: number) => {
      r.advanceMs(1);
      r.softnet.completeDone(id);
      r.schedule('A');
      return 1;
    };
    rig.add(slow);
    rig.schedule('A');
    rig.run(1);
    t.equal(rig.polls, polls, `${budgetUsecs} µs`);
  }
});

t.test('time goes on when the jiffies wrap', async (t) => {
  const rig = new SoftnetRig();
  rig.advanceMs(2 ** 31 - 1);
  rig.add(finds(1), finds(1));
  rig.schedule('AB');
  rig.run(1);
  t.same(rig.passes, ['AB']);
  t.equal(rig.count('timeSqueeze'), 0);
});

t.test('N12: work is left: in_net_rx_action stays set, and a schedule needs no raise', async (t) => {
  const rig = new SoftnetRig();
  rig.add(busy, finds(1));
  rig.schedule('A');
  t.equal(rig.raises, 1);
  rig.run(1);
  t.equal(rig.raises, 2, 'raised again for what is left');
  rig.schedule('B');
  t.equal(rig.raises, 2, 'joins without a raise');
  rig.run(1);
  t.same(rig.passes, ['A', 'AB'], 'and is polled');
});

t.test('nothing is left: the next schedule raises', async (t) => {
  const rig = new SoftnetRig();
  rig.add(finds(1));
  rig.irq('A');
  rig.irq('A');
  t.equal(rig.raises, 2);
  t.same(rig.passes, ['A', 'A']);
});

t.test('a delivery point lies behind every poll', async (t) => {
  const rig = new SoftnetRig();
  rig.add(finds(1), finds(1), finds(1));
  rig.atDelivery = () => rig.passes.at(-1) === 'A' && rig.schedule('C');
  rig.irq('AB');
  t.same(rig.passes, ['ABC'], 'who is scheduled there is reached in the same invocation, the lists being empty');
});

t.test('S02: an interrupt while polled: one more poll, then idle', async (t) => {
  const rig = new SoftnetRig();
  const results: boolean[] = [];
  rig.add((r, id) => {
    if (results.length === 0) t.same(r.schedule('A'), [false], 'MISSED');
    results.push(r.softnet.completeDone(id));
    return 0;
  });
  rig.irq('A');
  t.same(results, [false, true]);
  t.same(rig.passes, ['AA'], 'two polls in all');
  t.equal(rig.states[0]!.holder(), NO_HOLDER);
});

t.test('S15: one that returns under its weight without completing is stuck', async (t) => {
  const rig = new SoftnetRig();
  rig.add(() => 10);
  rig.irq('A');
  t.ok(rig.softnet.isScheduled(0));
  t.same(rig.schedule('AA'), [false, false], 'interrupts only set MISSED');
  rig.run(3);
  t.equal(rig.polls, 1);
});

t.test('S16: more than the weight counts as the weight, and is charged', async (t) => {
  const rig = new SoftnetRig({ budget: 65 });
  rig.add(() => 65);
  rig.schedule('A');
  rig.run(2);
  t.same(rig.passes, ['A', 'A']);
  t.equal(rig.count('timeSqueeze'), 2);
});

t.test('S19: exactly the weight, and empty: polled once more', async (t) => {
  const rig = new SoftnetRig();
  let left = WEIGHT;
  rig.add((r, id) => {
    const work = left;
    left = 0;
    if (work < WEIGHT) r.softnet.completeDone(id);
    return work;
  });
  rig.irq('A');
  t.same(rig.passes, ['A', 'A']);
  t.notOk(rig.softnet.isScheduled(idOf('A')));
});

t.test('the weight is a setting', async (t) => {
  const rig = new SoftnetRig({ weight: 7 });
  const asked: number[] = [];
  rig.softnet.add(0, {
    poll(budget) {
      asked.push(budget);
      return asked.length < 3 ? budget : 0;
    },
  });
  rig.irq('A');
  t.same(asked, [7, 7, 7]);
});

t.test('when packets were last found', async (t) => {
  const rig = new SoftnetRig();
  let work = 3;
  rig.add((r, id) => finds(work)(r, id));
  rig.advanceMs(5);
  rig.irq('A');
  t.equal(rig.count('lastPollNs'), 5e6);
  work = 0;
  rig.advanceMs(5);
  rig.irq('A');
  t.equal(rig.count('lastPollNs'), 5e6, 'an empty poll does not move it');
});

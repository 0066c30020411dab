// Cold. Runs on: main.
// The deterministic machine itself: repeatable byte for byte, readable, and clear about what it cannot do.

import t from 'tap';
import { type SimulateOptions, simulate } from '../../src/testing.js';

/** Four CPUs, three lines that move about, traffic drawn from the same kind of seed. */
function traffic(options: SimulateOptions): string {
  const m = simulate({ cpus: 4, turnNs: [0, 1000, 300_000], ...options });
  const rings = [500, 500, 500];
  const lines = rings.map((_, queue) => m.line(`eth0-${queue}`, () => napis[queue]!.schedule(), 'latch', queue));
  const napis = rings.map((_, queue) =>
    m.napi(`eth0-${queue}`, (napi, budget) => {
      const work = Math.min(rings[queue]!, budget);
      rings[queue]! -= work;
      if (work < budget && napi.completeDone(work)) lines[queue]!.unmask();
      return work;
    }),
  );
  for (let round = 0; round < 20; round += 1) {
    for (const line of lines) line.raise();
    lines[round % 3]!.retarget((round * 7) % 4);
    for (let queue = 0; queue < 3; queue += 1) rings[queue]! += 100;
    for (let turn = 0; turn < 3; turn += 1) m.turn();
  }
  for (const line of lines) line.raise();
  m.run();
  t.same(rings, [0, 0, 0], 'nothing is left');
  return m.trace.lines.join('\n');
}

t.test('the same seed, the same trace, byte for byte; another seed, another', async (t) => {
  const first = traffic({ seed: 7 });
  t.ok(first.split('\n').length > 500, `${first.split('\n').length} events`);
  t.equal(traffic({ seed: 7 }), first);
  const others = [1, 2, 3, 4].map((seed) => traffic({ seed }));
  t.equal(new Set([first, ...others]).size, 5);
});

t.test('a trace reads as the kernel’s', async (t) => {
  const m = simulate({ cpus: 2 });
  const a = m.napi('eth0-1', (napi) => {
    napi.completeDone(3);
    return 3;
  });
  m.jiffies = 2;
  m.cpus[1]!.irq(() => a.schedule());
  t.same(m.trace.lines, [
    '[001]     0.002000: irq_handler_entry: irq=1 name=cpu1',
    '[001]     0.002000: softirq_raise: vec=3 [action=NET_RX]',
    '[001]     0.002000: irq_handler_exit: irq=1 ret=handled',
    '[001]     0.002000: softirq_entry: vec=3 [action=NET_RX]',
    '[001]     0.002000: napi_poll: napi poll on napi struct eth0-1 for device eth0 work 3 budget 64',
    '[001]     0.002000: softirq_exit: vec=3 [action=NET_RX]',
  ]);
});

t.test('everything can be read while it happens', async (t) => {
  const m = simulate();
  const seen: unknown[] = [];
  const names = ['a', 'b', 'c'];
  const napis = names.map((name) =>
    m.napi(name, (napi, budget) => {
      if (napi.name === 'b') seen.push(m.cpu.localList, m.cpu.repollList, m.cpu.pollList, m.cpu.inNetRxAction);
      if (napi.name === 'b') seen.push(napi.isListed, napi.listOwner, napi.holder, m.cpu.preemptCount);
      return budget;
    }),
  );
  m.cpu.bhDisabled(() => {
    for (const napi of napis) napi.schedule();
    seen.push(m.cpu.pollList, m.cpu.pending, napis[0]!.isListed);
    m.cpu.needResched = true;
  });
  t.same(seen, [names, ['NET_RX'], true, ['c'], ['a'], [], true, false, 0, 0, 0x100]);
});

t.test('the clock: jiffies and ns are one', async (t) => {
  const m = simulate({ hz: 250 });
  m.advance(3_999_999);
  t.equal(m.jiffies, 0);
  m.advance(1);
  t.same([m.jiffies, m.nowNs], [1, 4e6]);
  m.jiffies += 2;
  t.equal(m.nowNs, 12e6);
});

t.test('a line waits for its CPU’s next delivery point', async (t) => {
  const m = simulate({ cpus: 2 });
  const ran: number[] = [];
  const line = m.line('eth0', () => ran.push(m.cpus.findIndex((cpu) => cpu.preemptCount !== 0)), 'nolatch', 1);
  line.raise();
  t.same([ran, m.cpus.map((cpu) => cpu.isReady)], [[], [false, true]]);
  t.equal(m.run(), 1);
  t.same(ran, [1]);
});

t.test('what makes no sense is refused', async (t) => {
  t.throws(() => simulate({ cpus: 0 }), { message: 'simulate: cpus=0: must be an integer from 1 to 63' });
  t.throws(() => simulate({ hz: 0.5 }), { message: 'simulate: hz=0.5: must be an integer from 1 to 10000' });
  const m = simulate();
  const a = m.napi('a', () => 0);
  t.throws(() => a.schedule(), { message: 'napi_schedule: on which CPU? Call it in cpu.irq(), cpu.task() or a poll' });
  m.cpu.irq(() =>
    t.throws(() => a.disable(), { message: /^napi_disable: never returns: it sleeps, and this is no pro/ }),
  );
  m.cpu.raise('NET_RX');
  m.cpu.open('NET_RX', () => m.cpu.mark('NET_RX'));
  t.throws(() => m.run(100), { message: 'no rest after 100 turns: cpu0 still busy' });
});

t.test('what is wrong is named, with its value and what would be right', async (t) => {
  const options: [object, string][] = [
    [{ cpu: 2 }, 'option=cpu: must be cpus, seed, hz, turnNs, budget, budgetUsecs, threadIrqs'],
    [{ seed: 0.5 }, 'seed=0.5: must be an integer ≥ -9007199254740991'],
    [{ turnNs: [] }, 'turnNs.length=0: must be an integer ≥ 1'],
    [{ turnNs: [1, -1] }, 'turnNs=-1: must be a number ≥ 0'],
    [{ budget: Number.NaN }, 'budget=NaN: must be an integer from -2147483648 to 2147483647'],
    [{ budgetUsecs: 'x' }, 'budgetUsecs=x: must be a number ≥ 0'],
  ];
  for (const [wrong, why] of options)
    t.throws(() => simulate(wrong), { name: 'RangeError', message: `simulate: ${why}` });
  const m = simulate();
  const poll = () => 0;
  const calls: [() => unknown, string][] = [
    [() => m.napi('a', poll, { weight: 0 }), 'weight=0: must be an integer ≥ 1'],
    [() => m.napi('a', poll, { deferHardIrqs: 1.5 }), 'deferHardIrqs=1.5: must be an integer from 0 to 2147483647'],
    [() => m.napi('a', poll, { groFlushTimeoutNs: -1 }), 'groFlushTimeoutNs=-1: must be a number ≥ 0'],
    [() => m.line('a', poll, 'edge' as 'latch'), 'flow=edge: must be latch, nolatch, level'],
    [() => m.line('a', poll, 'latch', 1), 'cpu=1: must be an integer from 0 to 0'],
    [() => m.cpu.raise('NETRX' as 'NET_RX'), 'vector=NETRX: must be HI, TIMER, '],
    [() => m.advance(-5), 'advance=-5: must be a number ≥ 0'],
  ];
  for (const [call, why] of calls) t.throws(call, { name: 'RangeError', message: new RegExp(`^simulate: ${why}`) });
  const returned = m.napi('a', () => undefined as unknown as number);
  const message = 'simulate: napi a: work=undefined: must be an integer ≥ 0';
  t.throws(() => m.cpu.irq(() => returned.schedule()), { message });
  t.same([m.cpu.pending, m.nowNs], [[], 0], 'nothing has happened');
});

t.test('by the name of the package', async (t) => {
  const { simulate: published } = await import('softirq/testing');
  t.equal(published, simulate);
});

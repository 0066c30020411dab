// Cold. Runs on: main.
// The interrupts of one CPU, and the two handlers.

import t from 'tap';
import { CpuInterrupts } from '../../src/driver/interrupt.js';
import { CALL_SCHEDULE } from '../../src/irq/call.js';
import { Lines } from '../irq/lines.js';
import { counterAt, space } from '../memory/space.js';
import { Rig } from './rig.js';

const CPU = 1;
const IRQS = 64;
const HARDIRQS = 8;
const NO_TIMERS = { isDue: false, expire: () => 0 };

function cpuWith(lines: Lines, handle: (line: number) => void, called: (subject: number) => void = () => {}) {
  const counters = space();
  const handlers = lines.all.map((_, line) => ({ handle: () => handle(line) }));
  const irqs = lines.all.map((_, line) => IRQS + line * 8);
  const context = { irqEnter() {}, irqExit() {} };
  const pending = lines.pending(CPU);
  const calls = lines.callsOf(CPU, [called]);
  const interrupts = new CpuInterrupts(
    counters,
    { cpu: CPU, context, trace: null, pending, calls, timers: NO_TIMERS, lines: lines.all, handlers },
    { irqs, hardirqs: HARDIRQS },
  );
  return {
    interrupts,
    hardirqs: () => counterAt(counters, HARDIRQS),
    irqs: (line: number) => counterAt(counters, irqs[line]!),
  };
}

t.test('handlers run lowest line first, over several words, and are counted', async (t) => {
  const lines = new Lines(70, 'latch', CPU);
  const ran: number[] = [];
  const cpu = cpuWith(lines, (line) => ran.push(line));
  for (const line of [69, 31, 0, 40]) lines.all[line]!.raise();
  t.ok(cpu.interrupts.any());
  t.equal(cpu.interrupts.deliver(), 4);
  t.same(ran, [0, 31, 40, 69]);
  t.equal(cpu.hardirqs(), 4);
  t.same([0, 1, 69].map(cpu.irqs), [1, 0, 1]);
  t.notOk(cpu.interrupts.any());
  t.equal(cpu.interrupts.deliver(), 0);
});

t.test('a call is a hard interrupt without a line, once for each subject', async (t) => {
  const lines = new Lines(30, 'latch', CPU); // its vector is the last but one of the first word
  const ran: string[] = [];
  const cpu = cpuWith(
    lines,
    (line) => ran.push(`line ${line}`),
    (subject) => ran.push(`subject ${subject}`),
  );
  lines.sleep(CPU);
  for (const subject of [511, 31, 0, 32, 31]) lines.calls.call(CPU, CALL_SCHEDULE, subject);
  t.notOk(lines.sleeps(CPU), 'it is woken');
  t.same(lines.told(), [CPU], 'and nobody else');
  lines.all[29]!.raise();
  t.equal(cpu.interrupts.deliver(), 5);
  t.same(ran, ['line 29', 'subject 0', 'subject 31', 'subject 32', 'subject 511']);
  t.equal(cpu.hardirqs(), 1, 'calls are not counted as interrupts of lines');
  t.notOk(cpu.interrupts.any());
});

t.test('what a handler brings about is delivered too', async (t) => {
  const lines = new Lines(2, 'latch', CPU);
  const ran: number[] = [];
  const cpu = cpuWith(lines, (line) => {
    ran.push(line);
    if (ran.length === 1) lines.all[0]!.raise();
  });
  lines.all[1]!.raise();
  t.equal(cpu.interrupts.deliver(), 2);
  t.same(ran, [1, 0]);
});

t.test('a line that has moved is not handled here', async (t) => {
  const lines = new Lines(2, 'latch', CPU);
  const cpu = cpuWith(lines, () => t.fail('handled'));
  lines.all[0]!.raise();
  lines.all[0]!.retarget(0);
  t.equal(cpu.interrupts.deliver(), 0);
  t.equal(cpu.hardirqs(), 0);
  t.ok(lines.pending(0).any());
});

t.test('a level line that stays asserted does not keep the CPU for ever', async (t) => {
  const lines = new Lines(1, 'level', CPU);
  const cpu = cpuWith(lines, () => lines.all[0]!.raise());
  lines.all[0]!.raise();
  t.equal(cpu.interrupts.deliver(), 1000);
  t.ok(cpu.interrupts.any(), 'it comes again');
});

t.test('NAPI’s handler schedules, and leaves the packets alone', async (t) => {
  const rig = new Rig();
  rig.receive(5);
  t.equal(rig.cpu.handlersOnly(), 1);
  t.equal(rig.state.holder(), 0);
  t.ok(rig.cpu.softirqs.pending);
  t.match(rig.cpu.polls(), { irqs: 1, polls: 0, taken: 0 });
  rig.receive(5);
  t.equal(rig.cpu.handlersOnly(), 0, 'while it is scheduled the line raises no interrupt');
});

t.test('interrupt mode: one interrupt per packet, never masked', async (t) => {
  const rig = new Rig({ mode: 'interrupt' });
  rig.receive(5);
  t.equal(rig.cpu.handlersOnly(), 5);
  t.match(rig.cpu.counters(), { hardirqs: 5, delivered: 0, dropped: 0 });
  t.match(rig.cpu.polls(), { irqs: 5, taken: 5 });
  rig.cpu.emptyIrq();
  t.equal(rig.cpu.counters().delivered, 5);
  rig.checkBuffers();
});

t.test('interrupt mode: an interrupt without a packet is harmless', async (t) => {
  const rig = new Rig({ mode: 'interrupt' });
  rig.line.raise();
  t.equal(rig.cpu.doWork(), 1);
  t.match(rig.cpu.counters(), { hardirqs: 1, delivered: 0 });
});

t.test('interrupt mode: packets of several descriptors go through the backlog whole', async (t) => {
  const rig = new Rig({ mode: 'interrupt' });
  const lengths: number[] = [];
  const copies: number[] = [];
  const target = new Uint8Array(9216);
  rig.cpu.sink = (burst) => {
    lengths.push(burst.length(0));
    copies.push(burst.copy(0, target));
  };
  for (const length of [9216, 60, 5000]) rig.receive(1, length);
  rig.cpu.handlersOnly();
  rig.checkBuffers();
  rig.cpu.emptyIrq();
  t.same(lengths, [9216, 60, 5000]);
  t.same(copies, lengths);
  rig.checkBuffers();
});

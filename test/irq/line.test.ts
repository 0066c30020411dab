// Cold. Runs on: main.
// The transition table of src/irq/line.ts, row by row, with the rows that change nothing.

import t from 'tap';
import type { IrqLine, LineFlow } from '../../src/irq/line.js';
import { Random } from '../../src/runtime/random.js';
import { type LineState, Lines } from './lines.js';

const TARGET = 1;

interface Row {
  readonly flow: LineFlow;
  readonly from: LineState;
  readonly to: LineState;
  readonly tells: boolean;
  readonly returns?: boolean;
}

function row(flow: LineFlow, from: LineState, to: LineState, tells: boolean, returns?: boolean): Row {
  return { flow, from, to, tells, ...(returns !== undefined && { returns }) };
}

const TABLE: Record<string, { readonly run: (line: IrqLine) => unknown; readonly rows: readonly Row[] }> = {
  raise: {
    run: (line) => line.raise(),
    rows: [
      row('latch', 'ENABLED', 'PENDING', true),
      row('latch', 'masked', 'CAUSE', false),
      row('latch', 'CAUSE', 'CAUSE', false), // at most once
      row('latch', 'PENDING', 'PENDING', false), // never PENDING and CAUSE together
      row('nolatch', 'ENABLED', 'PENDING', true),
      row('nolatch', 'masked', 'masked', false),
      row('nolatch', 'PENDING', 'PENDING', false),
      row('level', 'ENABLED', 'ENABLED|PENDING', true),
      row('level', 'ENABLED|PENDING', 'ENABLED|PENDING', false),
    ],
  },
  take: {
    run: (line) => line.take(TARGET),
    rows: [
      row('latch', 'PENDING', 'masked', false, true),
      row('latch', 'masked', 'masked', false, false),
      row('latch', 'CAUSE', 'CAUSE', false, false),
      row('latch', 'ENABLED', 'ENABLED', false, false),
      row('nolatch', 'PENDING', 'masked', false, true),
      row('level', 'ENABLED|PENDING', 'ENABLED', false, true),
      row('level', 'ENABLED', 'ENABLED', false, false),
    ],
  },
  'take on another CPU': {
    run: (line) => line.take(TARGET + 1),
    rows: [
      row('latch', 'PENDING', 'PENDING', true, false),
      row('latch', 'ENABLED', 'ENABLED', false, false),
      row('nolatch', 'PENDING', 'PENDING', true, false),
      row('level', 'ENABLED|PENDING', 'ENABLED|PENDING', true, false),
    ],
  },
  unmask: {
    run: (line) => line.unmask(),
    rows: [
      row('latch', 'masked', 'ENABLED', false),
      row('latch', 'CAUSE', 'PENDING', true), // delivered now, and still masked
      row('latch', 'ENABLED', 'ENABLED', false),
      row('nolatch', 'masked', 'ENABLED', false),
      row('nolatch', 'ENABLED', 'ENABLED', false),
    ],
  },
  mask: {
    run: (line) => line.mask(),
    rows: [
      row('latch', 'ENABLED', 'masked', false, true),
      row('latch', 'masked', 'masked', false, false),
      row('latch', 'PENDING', 'PENDING', false, false), // an interrupt is already on its way
      row('nolatch', 'ENABLED', 'masked', false, true),
      row('nolatch', 'PENDING', 'PENDING', false, false),
    ],
  },
};

for (const [who, { run, rows }] of Object.entries(TABLE)) {
  t.test(who, async (t) => {
    for (const { flow, from, to, tells, returns } of rows) {
      const lines = new Lines(1, flow, TARGET);
      lines.put(0, from);
      const returned = run(lines.all[0]!);
      const name = `${flow}: ${from} → ${to}`;
      t.equal(lines.state(0), to, name);
      t.same(lines.told(), tells ? [TARGET] : [], `${name}, ${tells ? 'the target is told' : 'nobody is told'}`);
      if (returns !== undefined) t.equal(returned, returns, `${name}, returns ${returns}`);
    }
  });
}

t.test('created enabled, for its CPU', async (t) => {
  const lines = new Lines(2, 'nolatch', 2);
  t.equal(lines.state(1), 'ENABLED');
  t.equal(lines.all[1]!.target(), 2);
  t.notOk(lines.all[1]!.isPending());
});

t.test('telling wakes the target, and nobody else', async (t) => {
  const lines = new Lines(1, 'latch', TARGET);
  for (const cpu of [0, 1, 2]) lines.sleep(cpu);
  lines.all[0]!.raise();
  t.same(
    [0, 1, 2].map((cpu) => lines.sleeps(cpu)),
    [true, false, true],
  );
});

t.test('one event, one interrupt: an event while masked is delivered by the unmask', async (t) => {
  const line = new Lines(1, 'latch').all[0]!;
  line.raise();
  t.ok(line.take(0));
  line.raise();
  line.raise();
  t.notOk(line.take(0), 'masked: nothing is delivered');
  line.unmask();
  t.ok(line.take(0), 'two events while masked, one interrupt');
  line.unmask();
  t.notOk(line.take(0));
});

/** What a machine may do to a line: only the holder, whose line is masked and not on its way, masks or unmasks. */
function randomMove(lines: Lines, random: Random): void {
  const line = lines.all[0]!;
  const state = lines.state(0);
  const moves = [() => line.raise(), () => line.take(random.below(3)), () => line.retarget(random.below(3))];
  if (state === 'masked' || state === 'CAUSE') moves.push(() => line.unmask());
  if (state === 'ENABLED') moves.push(() => line.mask());
  moves[random.below(moves.length)]!();
}

t.test('forbidden states are not reached', async (t) => {
  const allowed = {
    latch: ['ENABLED', 'masked', 'CAUSE', 'PENDING'],
    nolatch: ['ENABLED', 'masked', 'PENDING'],
  };
  for (const flow of ['latch', 'nolatch'] as const) {
    const lines = new Lines(1, flow);
    const random = new Random(7);
    const seen = new Set<LineState>();
    for (let move = 0; move < 5000; move += 1) {
      randomMove(lines, random);
      seen.add(lines.state(0));
    }
    t.same([...seen].sort(), [...allowed[flow]].sort(), flow);
  }
});

t.test('a pending line that moves is told to its new target', async (t) => {
  const lines = new Lines(1, 'latch', 0);
  const line = lines.all[0]!;
  line.raise();
  lines.sleep(2);
  line.retarget(2);
  t.equal(line.target(), 2);
  t.equal(lines.state(0), 'PENDING', 'it goes with the line');
  t.same(lines.told(), [0, 2], 'the old hint stays, and does no harm:');
  t.notOk(lines.sleeps(2), 'woken');
  t.notOk(line.take(0));
  t.ok(line.take(2));
  t.notOk(line.take(2), 'taken once');
});

t.test('a hint that comes late finds the line moved, and passes it on', async (t) => {
  const lines = new Lines(1, 'latch', 0);
  const line = lines.all[0]!;
  line.raise();
  line.retarget(1);
  lines.pending(1).takeWord(0); // lost: this CPU has looked already
  t.same(lines.told(), [0]);
  t.notOk(line.take(0));
  t.same(lines.told(), [0, 1], 'told again');
});

t.test('a line that moves while nothing is on its way tells nobody', async (t) => {
  for (const state of ['ENABLED', 'masked', 'CAUSE']) {
    const lines = new Lines(1, 'latch', 0);
    lines.put(0, state);
    lines.all[0]!.retarget(1);
    t.equal(lines.state(0), state);
    t.same(lines.told(), []);
  }
});

t.test('what was remembered while masked is told to the target of that moment', async (t) => {
  const lines = new Lines(1, 'latch', 0);
  const line = lines.all[0]!;
  lines.put(0, 'CAUSE');
  line.retarget(2);
  line.unmask();
  t.same(lines.told(), [2]);
});

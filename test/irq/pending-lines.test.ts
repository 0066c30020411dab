// Cold. Runs on: main.
// The bitmaps of lines to look at, beyond one word.

import t from 'tap';
import { LINES_MAX } from '../../src/irq/line.js';
import { Lines } from './lines.js';

t.test('each line has a bit, also the last of a word', async (t) => {
  const lines = new Lines(40, 'latch', 1);
  const pending = lines.pending(1);
  t.equal(pending.wordCount, 2);
  for (const id of [0, 5, 31, 32, 39]) lines.all[id]!.raise();
  t.equal(pending.takeWord(0), 1 | (1 << 5) | (1 << 31) | 0);
  t.ok(pending.any(), 'the second word is still to be taken');
  t.equal(pending.takeWord(1), 1 | (1 << 7));
  t.notOk(pending.any());
  t.equal(pending.takeWord(0), 0, 'taken once');
});

t.test('as many words as there are lines for', async (t) => {
  t.same(
    [1, 28, 29, 60, 61, LINES_MAX].map((count) => new Lines(count, 'latch').pending(0).wordCount),
    [1, 1, 2, 2, 3, 16],
    'with the kinds of calls behind them',
  );
});

t.test('no bit of one CPU is seen by another', async (t) => {
  const lines = new Lines(LINES_MAX, 'latch', 1);
  for (const line of lines.all) line.raise();
  t.same(lines.told(), [1]);
  const words = Array.from({ length: 16 }, (_, index) => lines.pending(1).takeWord(index));
  t.same(words, [...Array(15).fill(-1), -1 >>> 4]);
  t.same(lines.told(), []);
  t.ok(
    lines.all.every((line) => line.isPending()),
    'the bitmap is a hint: the truth is in the lines',
  );
});

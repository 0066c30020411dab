// The live line, on a terminal that is made of a list.

import t from 'tap';
import { Progress, paintFor } from '../../src/cli/progress.js';
import { COLOURS, PLAIN } from '../../src/report/paint.js';
import { sample } from '../report/sample.js';

function terminal(isTTY: boolean, columns = 80) {
  const written: string[] = [];
  const stream = { isTTY, columns, hasColors: () => true, write: (text: string) => written.push(text) };
  return { written, stream: stream as unknown as NodeJS.WriteStream };
}

const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const TERM = process.env.TERM;

t.beforeEach(() => {
  process.env.TERM = 'xterm';
  delete process.env.NO_COLOR;
});
t.teardown(() => {
  process.env.TERM = TERM;
});

t.test('a terminal: one line, rewritten, gone at the end', async (t) => {
  const { written, stream } = terminal(true);
  const progress = new Progress(stream);
  progress.phase('calibrating…');
  progress.note('capacity 5 packets/s');
  progress.watch({ snapshot: () => sample, activity: () => null });
  await delay(600);
  progress.end();
  const drawn = written.length;
  await delay(300);
  t.equal(written.length, drawn, 'the timer is gone');
  const text = written.join('');
  t.match(text, 'softirq: capacity 5 packets/s\n', 'notes stay');
  t.equal(text.split('\n').length, 2, 'nothing else goes down a line');
  t.match(text, /packets\/poll/);
  t.ok(text.endsWith('\r\x1b[2K'));
});

t.test('what goes on after the traffic takes the place of the rates', async (t) => {
  const { written, stream } = terminal(true);
  const progress = new Progress(stream);
  progress.watch({ snapshot: () => sample, activity: () => 'putting x in order of time: 42 %' });
  await delay(600);
  progress.end();
  t.match(written.join(''), 'putting x in order of time: 42 %');
  t.notMatch(written.join(''), /packets\/poll/);
});

t.test('no terminal: lines, without control characters', async (t) => {
  const { written, stream } = terminal(false);
  const progress = new Progress(stream);
  progress.phase('calibrating…');
  progress.phaseLater('starting…');
  progress.watch({ snapshot: () => sample, activity: () => null });
  await delay(1100);
  progress.end();
  t.ok(written.length >= 2);
  t.equal(written[0], 'softirq: calibrating…\n');
  t.match(written[1], /dropped\n$/);
});

t.test('a start that takes long is told of, a quick one not', async (t) => {
  const { written, stream } = terminal(false);
  const progress = new Progress(stream);
  progress.phaseLater('starting 9 threads…');
  await delay(1100);
  progress.end();
  t.same(written, ['softirq: starting 9 threads…\n']);
});

t.test('TERM=dumb is no terminal for this', async (t) => {
  process.env.TERM = 'dumb';
  const { written, stream } = terminal(true);
  new Progress(stream).phase('calibrating…');
  t.same(written, ['softirq: calibrating…\n']);
});

t.test('colours: on a terminal, unless NO_COLOR', async (t) => {
  t.equal(paintFor(terminal(true).stream), COLOURS);
  t.equal(paintFor(terminal(false).stream), PLAIN);
  process.env.NO_COLOR = '1';
  t.equal(paintFor(terminal(true).stream), PLAIN);
});

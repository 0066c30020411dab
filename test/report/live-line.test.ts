import t from 'tap';
import type { Snapshot } from '../../src/coordinator/snapshot-types.js';
import { liveLine, type Sample } from '../../src/report/live-line.js';
import { COLOURS } from '../../src/report/paint.js';
import { sample } from './sample.js';

const [nic] = sample.nics;
const [queue] = nic!.queues;
const [cpu] = sample.cpus;

/** The sample, with these more packets, each 64 of them polled at once, and these more interrupts. */
function after(packets: number, irqs: number, atSeconds: number, change: Partial<Snapshot> = {}): Sample {
  const polls = queue!.polls + packets / 64;
  const snapshot: Snapshot = {
    ...sample,
    nics: [{ ...nic!, irqs: nic!.irqs + irqs, queues: [{ ...queue!, polls }] }],
    cpus: [{ ...cpu!, processed: cpu!.processed + packets }],
    stack: {
      ...sample.stack,
      delivered: sample.stack.delivered + packets,
      deliveredBytes: sample.stack.deliveredBytes + 60 * packets,
    },
    ...change,
  };
  return { atSeconds, snapshot };
}

const start = after(0, 0, 1);

t.test('rates are those of the interval', async (t) => {
  const line = liveLine(start, after(6_400_000, 300, 1.25));
  t.equal(line, ' 1.3 of 5 s  25.6 Mpps  12.3 Gbit/s  1.20 k irqs/s    64 packets/poll  1.00 k dropped');
});

t.test('an interval in which nothing happens', async (t) => {
  const line = liveLine(start, after(0, 0, 2));
  t.match(line, /2\.0 of 5 s +0 pps +0 bit\/s +0 irqs\/s +– packets\/poll +1\.00 k dropped/);
  t.notMatch(liveLine(start, start), /NaN|Infinity/, 'no interval at all');
});

t.test('without a limit there is none to show', async (t) => {
  const config = { ...sample.config, duration: null };
  t.match(liveLine(start, after(0, 0, 61, { config })), /^ +61\.0 s /);
});

t.test('all drops count', async (t) => {
  const nics = [{ ...nic!, rxMissedErrors: 500 }];
  const stack = { ...sample.stack, dropped: { backlog: 20 } };
  t.match(liveLine(start, after(0, 0, 2, { nics, stack })), /1\.52 k dropped$/);
});

t.test('it keeps to the columns that there are', async (t) => {
  const now = after(6_400_000, 300, 1.25);
  t.ok(liveLine(start, now, 100).length <= 100);
  const narrow = liveLine(start, now, 79);
  t.notMatch(narrow, 'bit/s', 'the bits go first');
  t.match(narrow, 'dropped');
  t.ok(narrow.length <= 79);
  t.equal(liveLine(start, now, 30).length, 30);
});

t.test('colours change no character', async (t) => {
  const now = after(6_400_000, 300, 1.25);
  const painted = liveLine(start, now, 100, COLOURS);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the marks are control characters
  t.equal(painted.replace(/\x1b\[\d+m/g, ''), liveLine(start, now));
  t.not(painted, liveLine(start, now));
});

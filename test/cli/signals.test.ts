// SIGINT and SIGTERM: the first one stops the machine in order, the second one ends the process.

import t from 'tap';
import type { Snapshot } from '../../src/coordinator/snapshot-types.js';
import { sendWhenSeen, softirq } from './child.js';

const LONG = ['run', '--device', 'pktgen', '--duration', '600'];
const RUNNING = /packets\/poll/;
const CALIBRATING = /calibrating/;
const STOPPING = /stopping in order/;

t.test('SIGINT in the middle of a run prints the summary', async (t) => {
  const { status, stdout } = await softirq(LONG, { onStderr: sendWhenSeen([RUNNING, 'SIGINT']) });
  t.equal(status, 0);
  t.match(stdout, /packets delivered in \d/);
  t.match(stdout, /in flight: holds/);
});

t.test('SIGTERM in the middle of a run prints the document', async (t) => {
  const { status, stdout } = await softirq([...LONG, '--json'], { onStderr: sendWhenSeen([RUNNING, 'SIGTERM']) });
  t.equal(status, 0);
  const { conservation, durationSeconds } = JSON.parse(stdout) as Snapshot;
  t.equal(conservation.holds, true);
  t.ok(conservation.delivered > 0 && durationSeconds < 10);
});

t.test('a signal that comes while the machine starts is not lost', async (t) => {
  const { status, stdout } = await softirq([...LONG, '--json', '--rate', '50%'], {
    onStderr: sendWhenSeen([CALIBRATING, 'SIGINT']),
  });
  t.equal(status, 0);
  t.equal((JSON.parse(stdout) as Snapshot).conservation.holds, true);
});

t.test('SIGINT, then another signal: ends at once', async (t) => {
  const twice = (second: NodeJS.Signals) =>
    softirq([...LONG, '--rate', '50%'], { onStderr: sendWhenSeen([CALIBRATING, 'SIGINT'], [STOPPING, second]) });
  const [interrupted, terminated] = await Promise.all([twice('SIGINT'), twice('SIGTERM')]);
  t.match(interrupted, { status: 130, stdout: '' });
  t.match(terminated, { status: 143, stdout: '' });
});

// Cold. Runs on: main; starts a process and real threads.
// The real command for a minute: machines under random settings and changes; not a packet lost, twice, or out of order.
// SOAK_MINUTES=60 makes it an hour.

import t from 'tap';
import type { SoakReport } from '../../src/stress/soak.js';
import { ENOUGH_ROUNDS } from '../../src/stress/visits.js';
import { softirq } from '../cli/child.js';

const MINUTES = Number(process.env.SOAK_MINUTES ?? 1);
/** Of a round that began at the last moment. */
const LAST_ROUND_MS = 90_000;
// The same rounds each time: their settings have every choice, whatever the machine's speed makes of their timing.
const SEED = '1';

const timeoutMs = MINUTES * 60_000 + LAST_ROUND_MS;
t.setTimeout(timeoutMs + 10_000);

t.test('a soak', async (t) => {
  const args = ['stress', '--minutes', String(MINUTES), '--seed', SEED, '--json'];
  const { status, stdout, stderr } = await softirq(args, { timeoutMs });
  t.equal(status, 0, stderr.trimEnd().split('\n').at(-1) ?? '');
  const { rounds, packets, violation, neverVisited } = JSON.parse(stdout) as SoakReport;
  t.equal(violation, null);
  t.equal(packets.offered, packets.delivered + packets.dropped + packets.lostWithCpu);
  const judged = neverVisited === null ? `not judged: fewer than ${ENOUGH_ROUNDS} rounds` : 'everything at least once';
  t.comment(`${rounds} rounds, ${packets.delivered} packets; visits: ${judged}`);
});

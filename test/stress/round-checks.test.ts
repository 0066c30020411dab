// Cold. Runs on: main.
// What must hold of a round's last snapshot: each thing that does not is told.

import t from 'tap';
import type { Snapshot } from '../../src/index.js';
import { type Evidence, roundViolations } from '../../src/stress/round-checks.js';
import { sample } from '../report/sample.js';

const GOOD: Evidence = { record: { violations: () => [] }, flows: 64, accidents: 0, standing: () => [] };

/** The sample, but for what pktgen under full=wait never has, and but for `change`. */
function snapshotWith({ malformed = {}, conservation = {}, nic = {}, config = {} }): Snapshot {
  const { stack, nics } = sample;
  const none = Object.fromEntries(Object.keys(stack.malformed).map((reason) => [reason, 0]));
  return {
    ...sample,
    config: { ...sample.config, ...config },
    stack: { ...stack, malformed: { ...none, ...malformed } as typeof stack.malformed },
    conservation: { ...sample.conservation, inFlight: 0, lostWithCpu: 0, ...conservation },
    nics: [{ ...nics[0]!, rxMissedErrors: 0, pauses: 0, ...nic }],
  };
}

const judge = (change: Parameters<typeof snapshotWith>[0], evidence: Partial<Evidence> = {}) =>
  roundViolations(snapshotWith(change), { ...GOOD, ...evidence });

t.test('nothing is wrong', async (t) => t.same(judge({}), []));

t.test('in flight after the drain, and where', async (t) => {
  const standing = () => ['nic0/0: 7 descriptors wait'];
  t.same(judge({ conservation: { inFlight: 7 } }, { standing }), [
    '7 packets are in flight after the drain',
    'nic0/0: 7 descriptors wait',
  ]);
  t.same(judge({}, { standing }), [], 'nobody asks where nothing is');
});

t.test('malformed', async (t) => {
  const [first] = Object.keys(sample.stack.malformed);
  t.same(judge({ malformed: { [first!]: 2 } }), [`2 packets as pktgen sends them were dropped as malformed: ${first}`]);
});

t.test('lost without a kill, and more than was in its hand', async (t) => {
  t.same(judge({ conservation: { lostWithCpu: 1 } }), ['1 packets are lost with CPUs, of which 0 died: 0 at most']);
  t.same(judge({ conservation: { lostWithCpu: 128 } }, { accidents: 2 }), []);
  t.match(judge({ conservation: { lostWithCpu: 129 } }, { accidents: 2 }), [/^129 packets .* 128 at most$/]);
  const interrupt = { config: { mode: 'interrupt' }, conservation: { lostWithCpu: 2 } };
  t.same(judge(interrupt, { accidents: 2 }), []);
  t.match(judge(interrupt, { accidents: 1 }), [/1 died: 1 at most$/]);
});

t.test('frames that were missed where they should be held, and held where they should be missed', async (t) => {
  const missed = { nic: { rxMissedErrors: 3 } };
  t.same(judge({ ...missed, config: { full: 'wait' } }), ['full=wait, and frames were missed 3 times']);
  t.same(judge({ ...missed, config: { full: 'drop' } }), []);
  t.same(judge({ nic: { pauses: 3 }, config: { full: 'drop' } }), ['full=drop, and frames were held 3 times']);
});

t.test('what the sink has found, by what was sent', async (t) => {
  const violations = (expected: object) => [JSON.stringify(expected)];
  const { offered, delivered, dropped } = sample.conservation;
  t.same(judge({ conservation: { lostWithCpu: 5 } }, { record: { violations }, accidents: 1, flows: 8 }), [
    JSON.stringify({ flows: 8, offered, delivered, dropped, lost: 5 }),
  ]);
});

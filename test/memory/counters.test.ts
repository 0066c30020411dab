// Cold. Runs on: main.
// The table of counters against what burst functions assume of it, and the ways to read a block.

import t from 'tap';
import { PROTOCOL_BITS, VERDICTS } from '../../src/bursts/layout.js';
import {
  CPU_COUNTERS,
  counterAddress,
  counterAddresses,
  counterBlockBytes,
  MALFORMED_REASONS,
  NIC_COUNTERS,
  NIC_QUEUE_COUNTERS,
  POLL_COUNTERS,
  PROTOCOL_NAMES,
  readCounters,
  sumCounters,
} from '../../src/memory/counters.js';
import { space } from './space.js';

const TABLES = { CPU_COUNTERS, POLL_COUNTERS, NIC_COUNTERS, NIC_QUEUE_COUNTERS };

t.test('one name per bit that classify() counts, one per verdict', async (t) => {
  t.equal(PROTOCOL_NAMES.length, PROTOCOL_BITS);
  t.equal(MALFORMED_REASONS.length, VERDICTS - 1, 'PASS is no reason');
  const malformed = CPU_COUNTERS.indexOf('ethernetTruncated');
  t.same(CPU_COUNTERS.slice(malformed, malformed + MALFORMED_REASONS.length), MALFORMED_REASONS);
});

for (const [name, table] of Object.entries(TABLES)) {
  t.test(`${name}: no name twice, whole cache lines`, async (t) => {
    t.equal(new Set<string>(table).size, table.length);
    t.equal(counterBlockBytes(table) % 64, 0);
    t.ok(counterBlockBytes(table) >= table.length * 8);
  });
}

t.test('counters are read by name, exactly, up to 2^53', async (t) => {
  const views = space();
  const { polls, taken } = counterAddresses(POLL_COUNTERS, 128, ['polls', 'taken']);
  t.equal(polls, counterAddress(POLL_COUNTERS, 128, 'polls'));
  views.doubles[polls / 8] = 7;
  views.doubles[taken / 8] = 2 ** 53 - 1;
  t.match(readCounters(views, POLL_COUNTERS, 128), { irqs: 0, polls: 7, taken: 2 ** 53 - 1 });
});

t.test('blocks are summed name by name', async (t) => {
  const names = ['a', 'b'] as const;
  const blocks = [
    { a: 1, b: 10 },
    { a: 2, b: 20 },
  ];
  t.same(sumCounters(blocks, names), { a: 3, b: 30 });
  t.same(sumCounters([], names), { a: 0, b: 0 });
});

// Cold. Runs on: main.
// A thread comes only to the machine that its handle names.

import t from 'tap';
import { compileBursts } from '../../src/bursts/load.js';
import { attachMemory, createMemory } from '../../src/memory/handle.js';
import { PAGE_BYTES } from '../../src/memory/layout.js';
import { viewsOf } from '../../src/memory/views.js';

const burstModule = compileBursts();
const MAGIC = 0;
const BYTES = 1;
const GENERATION = 2;

t.test('a memory of whole pages that does not grow', async (t) => {
  const { memory } = createMemory(PAGE_BYTES + 1, burstModule);
  t.equal(memory.buffer.byteLength, 2 * PAGE_BYTES);
  t.type(memory.buffer, SharedArrayBuffer);
  t.notOk(memory.buffer.growable, 'views on a growable buffer are 20 times slower');
});

t.test('views come from the factory that is given', async (t) => {
  const handle = createMemory(1, burstModule);
  const views = viewsOf(handle.memory.buffer);
  t.equal(
    attachMemory(handle, () => views),
    views,
  );
  t.equal(attachMemory(handle).bytes.length, PAGE_BYTES);
});

t.test('a memory that is no machine is refused', async (t) => {
  const handle = createMemory(1, burstModule);
  viewsOf(handle.memory.buffer).words[MAGIC] = 0xbad;
  t.throws(() => attachMemory(handle), /magic bad is not a softirq machine's/);
});

t.test('another length is refused', async (t) => {
  const handle = createMemory(1, burstModule);
  viewsOf(handle.memory.buffer).words[BYTES] = 2 * PAGE_BYTES;
  t.throws(() => attachMemory(handle), /length is not the one it was made with/);
});

t.test('a handle of another machine is refused', async (t) => {
  const first = createMemory(1, burstModule);
  const second = createMemory(1, burstModule);
  t.not(first.generation, second.generation);
  t.throws(() => attachMemory({ ...first, generation: second.generation }), /belongs to another machine/);
  viewsOf(first.memory.buffer).words[GENERATION] = second.generation;
  t.throws(() => attachMemory(first), /belongs to another machine/);
  t.doesNotThrow(() => attachMemory(second));
});

// Cold. Runs on: main.
// What the build promises of bursts.wasm.

import { readFileSync } from 'node:fs';
import t from 'tap';
import { compileBursts, instantiateBursts } from '../../src/bursts/load.js';
import { assertPure, sectionIds } from '../../src/bursts/purity.js';
import { referenceBursts } from '../../src/bursts/reference/reference.js';
import { viewsOf } from '../../src/memory/views.js';

const DATA_SECTION = 11;
const PREAMBLE = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const MEMORY_SECTION = [5, 3, 1, 0, 1];
const VOID_TYPE_SECTION = [1, 4, 1, 0x60, 0, 0];

const burstModule = compileBursts();

function createMemory(initial: number, maximum: number): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial, maximum, shared: true });
}

function moduleOf(...sections: readonly number[][]): Uint8Array {
  return Uint8Array.from([...PREAMBLE, ...sections.flat()]);
}

t.test('the module exports exactly the burst functions', async (t) => {
  const memory = createMemory(1, 1);
  const names = WebAssembly.Module.exports(burstModule).map(({ name }) => name);
  t.same(names.sort(), Object.keys(referenceBursts(memory, viewsOf(memory.buffer))).sort());
});

t.test('the module writes nothing when it is instantiated', async (t) => {
  const bytes = readFileSync(new URL('../../src/bursts/bursts.wasm', import.meta.url));
  assertPure(bytes);
  t.notOk(sectionIds(bytes).includes(DATA_SECTION));
  const memory = createMemory(1, 1);
  instantiateBursts(burstModule, memory);
  t.ok(viewsOf(memory.buffer).words.every((word) => word === 0));
});

t.test('a module with data, a start function or other imports is refused', async (t) => {
  const data = moduleOf(MEMORY_SECTION, [DATA_SECTION, 7, 1, 0, 0x41, 0, 0x0b, 1, 42]);
  const start = moduleOf(VOID_TYPE_SECTION, [3, 2, 1, 0], [8, 1, 0], [10, 4, 1, 2, 0, 0x0b]);
  const foreign = moduleOf(VOID_TYPE_SECTION, [2, 7, 1, 1, 0x61, 1, 0x62, 0, 0]);
  t.throws(() => assertPure(data), /data section/);
  t.throws(() => assertPure(start), /start function/);
  t.throws(() => assertPure(foreign), /imports more than env.memory/);
});

t.test('profiles will show names', async (t) => {
  t.equal(WebAssembly.Module.customSections(burstModule, 'name').length, 1);
});

t.test('any shared memory can be imported', async (t) => {
  for (const [initial, maximum] of [
    [1, 1],
    [3, 700],
    [1, 65_536],
  ] as const) {
    t.ok(instantiateBursts(burstModule, createMemory(initial, maximum)), `${initial} to ${maximum} pages`);
  }
});

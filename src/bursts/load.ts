// Cold. Runs on: main (compile), every thread (instantiate).
// From the file that compile.ts wrote to functions over the machine's memory.

import { readFileSync } from 'node:fs';
import type { Bursts } from './bursts.js';

/** Compiles the module once; it travels to the workers as it is. */
export function compileBursts(): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(new URL('bursts.wasm', import.meta.url)));
}

/** @param memory any shared memory: the module's own limits are the widest there are */
export function instantiateBursts(module: WebAssembly.Module, memory: WebAssembly.Memory): Bursts {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return instance.exports as unknown as Bursts;
}

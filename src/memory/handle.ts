// Cold. Runs on: main (create), every thread (attach).
// The machine's one fixed-length memory, and the handle by which threads come to it.
//
//   0  MAGIC        says that this is a softirq machine     main, once
//   1  BYTES        length of the memory                    main, once
//   2  GENERATION   which machine of this process           main, once

import { CACHE_LINE_BYTES, PAGE_BYTES } from './layout.js';
import { type ViewFactory, type Views, viewsOf } from './views.js';

const MAGIC = 0;
const BYTES = 1;
const GENERATION = 2;
const MAGIC_VALUE = 0x4e415049; // "NAPI"
export const HEADER_BYTES = CACHE_LINE_BYTES;

/** What travels to a worker. WebAssembly objects, because no module can be instantiated over a bare SharedArrayBuffer. */
export interface Handle {
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
  readonly generation: number;
}

let generations = 0;

/**
 * @param bytes size of the memory; rounded up to whole WebAssembly pages
 * @throws Error when the process cannot have so much
 */
export function createMemory(bytes: number, module: WebAssembly.Module): Handle {
  const pages = Math.ceil(bytes / PAGE_BYTES);
  const memory = allocate(pages);
  const { words } = viewsOf(memory.buffer);
  generations += 1;
  words[BYTES] = memory.buffer.byteLength | 0;
  words[GENERATION] = generations;
  Atomics.store(words, MAGIC, MAGIC_VALUE);
  return { memory, module, generation: generations };
}

/** Which machine of this process it is; 0 where the memory is none's. */
export function machineOf({ words }: Views): number {
  return words[GENERATION]!;
}

function allocate(pages: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (cause) {
    const right =
      'fewer cpus and queues and a smaller ring need less; a limit of address space (ulimit -v) must be lifted';
    throw new Error(`memory: ${pages * PAGE_BYTES} bytes cannot be had: ${right}`, { cause });
  }
}

/** @throws Error when the memory is not the machine that the handle names */
export function attachMemory(handle: Handle, makeViews: ViewFactory = viewsOf): Views {
  const views = makeViews(handle.memory.buffer);
  const found = Atomics.load(views.words, MAGIC);
  if (found !== MAGIC_VALUE) throw new Error(`memory: magic ${found.toString(16)} is not a softirq machine's`);
  if (views.words[BYTES] !== (views.bytes.length | 0))
    throw new Error('memory: its length is not the one it was made with');
  if (views.words[GENERATION] !== handle.generation) throw new Error('memory: it belongs to another machine');
  return views;
}

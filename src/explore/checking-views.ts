// Cold. Runs on: a worker of the explorer.
// Views that tell of each plain access. A view is a Proxy of a typed array, which the real Atomics refuse: the stepping ones
// take what stands behind it (plainOf).

import { viewsOf as plainViewsOf, type Views } from '../memory/views.js';

type Cells = Int32Array | Uint8Array | Float64Array;

/** Called before each plain access, with the byte address. */
export interface Watch {
  read(address: number): void;
  write(address: number): void;
  /** After a plain store: a step, where the scenario wants it. */
  wrote(address: number, value: number): void;
}

const behind = new WeakMap<object, ArrayBufferView>();
let watch: Watch | null = null;

/** The worker, once: views made from now on are watched. */
export function watchViews(watching: Watch): void {
  watch = watching;
}

/**
 * The views of a scenario's memory. In a thread of a scenario with `races` or `storeSteps` they are checked; everywhere else
 * they are plain.
 */
export function viewsOf(buffer: ArrayBufferLike): Views {
  const views = plainViewsOf(buffer);
  if (watch === null) return views;
  return {
    words: watched(views.words, watch),
    bytes: watched(views.bytes, watch),
    doubles: watched(views.doubles, watch),
  };
}

/** What stands behind a watched view, or the view itself. */
export function plainOf<T extends object>(view: T): T {
  return (behind.get(view) ?? view) as T;
}

function watched<T extends Cells>(cells: T, watch: Watch): T {
  const methods = methodsOf(cells, watch);
  const view = new Proxy(cells, {
    get(target, key) {
      const index = indexOf(key);
      if (index < 0) return methods[key] ?? Reflect.get(target, key, target);
      visit(target, index, index + 1, watch.read);
      return target[index];
    },
    set(target, key, value) {
      const index = indexOf(key);
      if (index < 0) return Reflect.set(target, key, value, target);
      visit(target, index, index + 1, watch.write);
      target[index] = value;
      watch.wrote(target.byteOffset + index * target.BYTES_PER_ELEMENT, Number(value));
      return true;
    },
  });
  behind.set(view, cells);
  return view;
}

function indexOf(key: string | symbol): number {
  if (typeof key === 'symbol') return -1;
  const first = key.charCodeAt(0);
  return first >= 48 && first <= 57 ? Number(key) : -1;
}

/** Each word that the cells `from` … `to`-1 have a part of. */
function visit(cells: Cells, from: number, to: number, tell: (address: number) => void): void {
  const size = cells.BYTES_PER_ELEMENT;
  const end = cells.byteOffset + to * size;
  for (let address = (cells.byteOffset + from * size) & ~3; address < end; address += 4) tell(address);
}

/** The methods by which cells are written or a part is seen; every other reads them all. */
function methodsOf<T extends Cells>(cells: T, watch: Watch): Record<string | symbol, unknown> {
  const clamp = (index: number) => Math.max(0, Math.min(cells.length, index < 0 ? cells.length + index : index));
  const own = {
    subarray: (from = 0, to = cells.length) => watched(cells.subarray(from, to) as T, watch),
    fill: (value: number, from = 0, to = cells.length) => {
      visit(cells, clamp(from), clamp(to), watch.write);
      cells.fill(value, from, to);
    },
    set: (source: ArrayLike<number>, at = 0) => {
      visit(cells, at, at + source.length, watch.write);
      cells.set(plainOf(source), at);
    },
    slice: (from = 0, to = cells.length) => {
      visit(cells, clamp(from), clamp(to), watch.read);
      return cells.slice(from, to);
    },
  };
  return { ...readers(cells, watch), ...own };
}

const READERS = ['at', 'every', 'find', 'findIndex', 'forEach', 'includes', 'indexOf', 'join', 'map', 'reduce', 'some'];
const ITERATORS = [Symbol.iterator, 'entries', 'keys', 'values', 'toSorted', 'toReversed', 'filter', 'toString'];

function readers(cells: Cells, watch: Watch): Record<string | symbol, unknown> {
  const methods: Record<string | symbol, unknown> = {};
  for (const name of [...READERS, ...ITERATORS]) {
    methods[name] = (...args: unknown[]) => {
      visit(cells, 0, cells.length, watch.read);
      return (Reflect.get(cells, name) as (...args: unknown[]) => unknown).apply(cells, args);
    };
  }
  return methods;
}

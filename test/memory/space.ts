// Cold. Runs on: main.
// A little shared memory, for tests of what lies in it.

import { DOUBLE_BYTES } from '../../src/memory/layout.js';
import { type Views, viewsOf } from '../../src/memory/views.js';

export function space(bytes = 65_536): Views {
  return viewsOf(new SharedArrayBuffer(bytes));
}

/** The counter at byte address `address`. */
export function counterAt(views: Views, address: number): number {
  return views.doubles[address / DOUBLE_BYTES]!;
}

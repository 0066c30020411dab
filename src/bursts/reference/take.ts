// Hot. Runs on: CPU n (in tests).
// Filled descriptors → entries.

import type { Views } from '../../memory/views.js';
import {
  BATCH_CONSUMED,
  BATCH_FIRST_ENTRY,
  BATCH_TOUCHED,
  BUFFER_BYTES,
  DESCRIPTOR_BUFFER,
  DESCRIPTOR_BYTES,
  DESCRIPTOR_FLAGS,
  DESCRIPTOR_HASH,
  DESCRIPTOR_LENGTH,
  ENTRY_BUFFER,
  ENTRY_BYTES,
  ENTRY_HASH,
  ENTRY_LENGTH,
  ENTRY_NEXT,
  ENTRY_OFFSET,
  FLAG_EOP,
  NO_BUFFER,
} from '../layout.js';
import { addressAt, setWord, wordAt } from './memory.js';

export function take(
  views: Views,
  descriptors: number,
  mask: number,
  tail: number,
  head: number,
  budget: number,
  batch: number,
  buffers: number,
  links: number,
): number {
  const filled = (head - tail) | 0;
  const slotOf = (i: number) => descriptors + ((tail + i) & mask) * DESCRIPTOR_BYTES;
  touch(views, Math.min(filled, budget), slotOf, batch, buffers);
  let consumed = 0;
  let taken = 0;
  while (taken < budget) {
    const fragments = fragmentsAt(views, consumed, filled, slotOf);
    if (fragments === 0) break;
    fillEntry(views, batch + BATCH_FIRST_ENTRY + taken * ENTRY_BYTES, consumed, fragments, slotOf, links);
    consumed += fragments;
    taken++;
  }
  setWord(views, batch + BATCH_CONSUMED, consumed);
  return taken;
}

type SlotOf = (i: number) => number;

/** The twin does this to overlap its cache misses; here it only gives the same sum. */
function touch(views: Views, count: number, slotOf: SlotOf, batch: number, buffers: number): void {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    sum += wordAt(views, buffers + addressAt(views, slotOf(i) + DESCRIPTOR_BUFFER) * BUFFER_BYTES);
  }
  setWord(views, batch + BATCH_TOUCHED, sum);
}

/** How many descriptors the frame at `start` has, or 0 if its end is not there yet. */
function fragmentsAt(views: Views, start: number, filled: number, slotOf: SlotOf): number {
  for (let i = start; i < filled; i++) {
    if (wordAt(views, slotOf(i) + DESCRIPTOR_FLAGS) & FLAG_EOP) return i - start + 1;
  }
  return 0;
}

function fillEntry(views: Views, entry: number, start: number, fragments: number, slotOf: SlotOf, links: number): void {
  let length = 0;
  let link = entry + ENTRY_BUFFER; // where the next fragment's id goes
  for (let i = start; i < start + fragments; i++) {
    const buffer = addressAt(views, slotOf(i) + DESCRIPTOR_BUFFER);
    length += wordAt(views, slotOf(i) + DESCRIPTOR_LENGTH);
    setWord(views, link, buffer);
    link = i === start ? entry + ENTRY_NEXT : links + buffer * 4;
  }
  setWord(views, link, NO_BUFFER);
  setWord(views, entry + ENTRY_OFFSET, 0);
  setWord(views, entry + ENTRY_LENGTH, length);
  setWord(views, entry + ENTRY_HASH, wordAt(views, slotOf(start) + DESCRIPTOR_HASH));
}

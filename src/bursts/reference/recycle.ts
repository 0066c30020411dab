// Hot. Runs on: CPU n (in tests).
// The way of a buffer back: order the batch, push its buffers onto the stack, post them again.

import type { Views } from '../../memory/views.js';
import {
  BATCH_FIRST_ENTRY,
  DESCRIPTOR_BUFFER,
  DESCRIPTOR_BYTES,
  ENTRY_BUFFER,
  ENTRY_BYTES,
  ENTRY_NEXT,
  ENTRY_VERDICT,
  NO_BUFFER,
  VERDICT_PASS,
} from '../layout.js';
import { setWord, wordAt } from './memory.js';

export function compact(views: Views, batch: number, count: number): number {
  const first = batch + BATCH_FIRST_ENTRY;
  let passed = 0;
  for (let i = 0; i < count; i++) {
    const entry = first + i * ENTRY_BYTES;
    if (wordAt(views, entry + ENTRY_VERDICT) !== VERDICT_PASS) continue;
    swap(views, entry, first + passed * ENTRY_BYTES);
    passed++;
  }
  return passed;
}

function swap(views: Views, a: number, b: number): void {
  for (let at = 0; at < ENTRY_BYTES; at += 4) {
    const word = wordAt(views, a + at);
    setWord(views, a + at, wordAt(views, b + at));
    setWord(views, b + at, word);
  }
}

export function recycle(views: Views, batch: number, count: number, stack: number, top: number, links: number): number {
  let size = top;
  const push = (buffer: number) => {
    setWord(views, stack + size * 4, buffer);
    size++;
  };
  for (let i = 0; i < count; i++) {
    const entry = batch + BATCH_FIRST_ENTRY + i * ENTRY_BYTES;
    push(wordAt(views, entry + ENTRY_BUFFER));
    let next = wordAt(views, entry + ENTRY_NEXT);
    while (next !== NO_BUFFER) {
      push(next);
      next = wordAt(views, links + next * 4);
    }
  }
  return size;
}

export function refill(
  views: Views,
  descriptors: number,
  mask: number,
  posted: number,
  count: number,
  stack: number,
  top: number,
): number {
  for (let i = 0; i < count; i++) {
    const slot = descriptors + ((posted + i) & mask) * DESCRIPTOR_BYTES;
    setWord(views, slot + DESCRIPTOR_BUFFER, wordAt(views, stack + (top - 1 - i) * 4));
  }
  return top - count;
}

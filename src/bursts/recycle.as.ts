// Hot. Runs on: CPU n.
// The way of a buffer back: order the batch, push its buffers onto the stack, post them again.

import {
  BATCH_FIRST_ENTRY,
  DESCRIPTOR_BUFFER,
  DESCRIPTOR_SHIFT,
  ENTRY_BUFFER,
  ENTRY_BYTES,
  ENTRY_NEXT,
  ENTRY_SHIFT,
  ENTRY_VERDICT,
  NO_BUFFER,
  VERDICT_PASS,
} from './layout.as';

export function compact(batch: usize, count: i32): i32 {
  const first = batch + BATCH_FIRST_ENTRY;
  const end = first + (<usize>count << ENTRY_SHIFT);
  let to = first;
  for (let entry = first; entry < end; entry += ENTRY_BYTES) {
    if (load<i32>(entry, ENTRY_VERDICT) != VERDICT_PASS) continue;
    if (entry != to) swap(entry, to);
    to += ENTRY_BYTES;
  }
  return <i32>((to - first) >> ENTRY_SHIFT);
}

@inline
function swap(a: usize, b: usize): void {
  const low = v128.load(a);
  const high = v128.load(a, 16);
  v128.store(a, v128.load(b));
  v128.store(a, v128.load(b, 16), 16);
  v128.store(b, low);
  v128.store(b, high, 16);
}

export function recycle(batch: usize, count: i32, stack: usize, top: i32, links: usize): i32 {
  const first = batch + BATCH_FIRST_ENTRY;
  const end = first + (<usize>count << ENTRY_SHIFT);
  let to = stack + (<usize>top << 2);
  for (let entry = first; entry < end; entry += ENTRY_BYTES) {
    store<i32>(to, load<i32>(entry, ENTRY_BUFFER));
    to += 4;
    for (let buffer = load<i32>(entry, ENTRY_NEXT); buffer != NO_BUFFER; to += 4) {
      store<i32>(to, buffer);
      buffer = load<i32>(links + (<usize>buffer << 2));
    }
  }
  return <i32>((to - stack) >> 2);
}

export function refill(descriptors: usize, mask: i32, posted: i32, count: i32, stack: usize, top: i32): i32 {
  let from = stack + (<usize>top << 2);
  for (let cursor = posted; cursor != posted + count; cursor++) {
    from -= 4;
    const slot = descriptors + (<usize>(cursor & mask) << DESCRIPTOR_SHIFT);
    store<i32>(slot, load<i32>(from), DESCRIPTOR_BUFFER);
  }
  return top - count;
}

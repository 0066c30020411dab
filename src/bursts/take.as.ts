// Hot. Runs on: CPU n.
// Filled descriptors → entries.

import {
  BATCH_CONSUMED,
  BATCH_FIRST_ENTRY,
  BATCH_TOUCHED,
  BUFFER_SHIFT,
  DESCRIPTOR_BUFFER,
  DESCRIPTOR_FLAGS,
  DESCRIPTOR_HASH,
  DESCRIPTOR_LENGTH,
  DESCRIPTOR_SHIFT,
  ENTRY_BUFFER,
  ENTRY_BYTES,
  ENTRY_HASH,
  ENTRY_LENGTH,
  ENTRY_NEXT,
  ENTRY_OFFSET,
  FLAG_EOP,
  NO_BUFFER,
} from './layout.as';

export function take(
  descriptors: usize,
  mask: i32,
  tail: i32,
  head: i32,
  budget: i32,
  batch: usize,
  buffers: usize,
  links: usize,
): i32 {
  store<i32>(batch, touch(descriptors, mask, tail, min(head - tail, budget), buffers), BATCH_TOUCHED);
  let entry = batch + BATCH_FIRST_ENTRY;
  let cursor = tail;
  let taken = 0;
  for (; taken < budget && cursor != head; taken++) {
    const slot = slotOf(descriptors, mask, cursor);
    const last = load<i32>(slot, DESCRIPTOR_FLAGS) & FLAG_EOP ? cursor : lastOf(descriptors, mask, cursor, head);
    if (last == head) break;
    store<i32>(entry, load<i32>(slot, DESCRIPTOR_BUFFER), ENTRY_BUFFER);
    store<i32>(entry, 0, ENTRY_OFFSET);
    store<i32>(entry, load<i32>(slot, DESCRIPTOR_LENGTH), ENTRY_LENGTH);
    store<i32>(entry, NO_BUFFER, ENTRY_NEXT);
    store<i32>(entry, load<i32>(slot, DESCRIPTOR_HASH), ENTRY_HASH);
    if (last != cursor) join(entry, descriptors, mask, cursor, last, links);
    cursor = last + 1;
    entry += ENTRY_BYTES;
  }
  store<i32>(batch, cursor - tail, BATCH_CONSUMED);
  return taken;
}

/**
 * Loads one word of every packet first: another core wrote them, and so the cache misses overlap instead of waiting
 * for each other behind the parser's branches.
 * @returns the sum, which only keeps the loads alive
 */
@inline
function touch(descriptors: usize, mask: i32, tail: i32, count: i32, buffers: usize): i32 {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const buffer = load<usize>(slotOf(descriptors, mask, tail + i), DESCRIPTOR_BUFFER);
    sum += load<i32>(buffers + (buffer << BUFFER_SHIFT));
  }
  return sum;
}

/** The cursor of the descriptor that ends the frame at `cursor`, or `head` if it is not there yet. */
function lastOf(descriptors: usize, mask: i32, cursor: i32, head: i32): i32 {
  while (cursor != head && !(load<i32>(slotOf(descriptors, mask, cursor), DESCRIPTOR_FLAGS) & FLAG_EOP)) cursor++;
  return cursor;
}

/** Adds the fragments `first`+1 … `last` to the entry of fragment `first`. */
function join(entry: usize, descriptors: usize, mask: i32, first: i32, last: i32, links: usize): void {
  let length = load<i32>(entry, ENTRY_LENGTH);
  let link = entry + ENTRY_NEXT;
  for (let cursor = first; cursor != last; ) {
    cursor++;
    const slot = slotOf(descriptors, mask, cursor);
    const buffer = load<usize>(slot, DESCRIPTOR_BUFFER);
    length += load<i32>(slot, DESCRIPTOR_LENGTH);
    store<usize>(link, buffer);
    link = links + (buffer << 2);
  }
  store<i32>(link, NO_BUFFER);
  store<i32>(entry, length, ENTRY_LENGTH);
}

@inline
function slotOf(descriptors: usize, mask: i32, cursor: i32): usize {
  return descriptors + (<usize>(cursor & mask) << DESCRIPTOR_SHIFT);
}

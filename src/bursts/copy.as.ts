// Hot. Runs on: NIC.
// The device's DMA: offers → posted buffers and their descriptors.

import {
  BUFFER_BYTES,
  BUFFER_SHIFT,
  DESCRIPTOR_BUFFER,
  DESCRIPTOR_FLAGS,
  DESCRIPTOR_HASH,
  DESCRIPTOR_LENGTH,
  DESCRIPTOR_SHIFT,
  FLAG_EOP,
  OFFER_ADDRESS,
  OFFER_BYTES,
  OFFER_HASH,
  OFFER_LENGTH,
  OFFER_QUEUE,
  OFFER_SEQUENCE,
  OFFER_SEQUENCE_OFFSET,
  OFFER_SHIFT,
  PLACED,
} from './layout.as';

const DESCRIPTORS_PER_LINE: i32 = 4; // of 64 bytes

export function copy(
  offers: usize,
  count: i32,
  queue: i32,
  descriptors: usize,
  mask: i32,
  head: i32,
  posted: i32,
  buffers: usize,
  copied: usize,
): i32 {
  // Ids are not negative: this never ends the machine, but no compiler can know, so the touch-ahead stays.
  if (touch(descriptors, mask, head, min(posted - head, count)) < 0) unreachable();
  let frames = 0;
  let bytes = 0;
  const end = offers + (<usize>count << OFFER_SHIFT);
  for (let offer = offers; offer < end; offer += OFFER_BYTES) {
    if (load<i32>(offer, OFFER_QUEUE) != queue) continue;
    const length = load<i32>(offer, OFFER_LENGTH);
    if (length <= BUFFER_BYTES) {
      if (head == posted) break;
      place(offer, 0, length, FLAG_EOP, descriptors + (<usize>(head & mask) << DESCRIPTOR_SHIFT), buffers);
      head++;
    } else {
      if (posted - head < (length + BUFFER_BYTES - 1) >> BUFFER_SHIFT) break;
      head = placeFragments(offer, length, descriptors, mask, head, buffers);
    }
    store<i32>(offer, PLACED, OFFER_QUEUE);
    frames++;
    bytes += length;
  }
  store<i32>(copied, frames);
  store<i32>(copied, bytes, 4);
  return head;
}

/** Reads a word of every descriptor line that may be written, so that the cache misses between the cores overlap. */
function touch(descriptors: usize, mask: i32, head: i32, count: i32): i32 {
  let ids = 0;
  for (let i = 0; i < count; i += DESCRIPTORS_PER_LINE) {
    ids |= load<i32>(descriptors + (<usize>((head + i) & mask) << DESCRIPTOR_SHIFT), DESCRIPTOR_BUFFER);
  }
  return ids;
}

function placeFragments(offer: usize, length: i32, descriptors: usize, mask: i32, head: i32, buffers: usize): i32 {
  for (let done = 0; done < length; done += BUFFER_BYTES) {
    const left = length - done;
    const slot = descriptors + (<usize>(head & mask) << DESCRIPTOR_SHIFT);
    place(offer, done, min(left, BUFFER_BYTES), left <= BUFFER_BYTES ? FLAG_EOP : 0, slot, buffers);
    head++;
  }
  return head;
}

/** One buffer's share of a frame: `length` bytes from byte `done` of the frame on. */
@inline
function place(offer: usize, done: i32, length: i32, flags: i32, slot: usize, buffers: usize): void {
  const buffer = buffers + (load<usize>(slot, DESCRIPTOR_BUFFER) << BUFFER_SHIFT);
  move(buffer, load<usize>(offer, OFFER_ADDRESS) + done, length);
  if (done == 0) number(offer, buffer);
  store<i32>(slot, length, DESCRIPTOR_LENGTH);
  store<i32>(slot, load<i32>(offer, OFFER_HASH), DESCRIPTOR_HASH);
  store<i32>(slot, flags, DESCRIPTOR_FLAGS);
}

/**
 * Moves `length` bytes rounded up to 16: the source has 16 readable bytes behind the frame, the buffer 2,048. Up to a
 * whole buffer this is at least as fast as memory.copy, whose call alone costs 4 ns.
 */
@inline
function move(to: usize, from: usize, length: i32): void {
  let left = (length + 15) & ~15;
  for (; left >= 64; left -= 64, from += 64, to += 64) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    v128.store(to, v128.load(from, 32), 32);
    v128.store(to, v128.load(from, 48), 48);
  }
  for (; left > 0; left -= 16, from += 16, to += 16) v128.store(to, v128.load(from));
}

/** Writes the offer's sequence number into its frame, and behind it its complement, in one store. */
@inline
export function number(offer: usize, buffer: usize): void {
  const at = load<usize>(offer, OFFER_SEQUENCE_OFFSET);
  if (at == 0) return;
  const sequence = load<u32>(offer, OFFER_SEQUENCE);
  store<u64>(buffer + at, <u64>sequence | (<u64>~sequence << 32));
}

// Hot. Runs on: CPU n (encode), NIC (encodeOffers, encodeFrame).
// Packets → Enhanced Packet Blocks of a pcapng file, one behind the other.

import { number } from './copy.as';
import { BATCH_FIRST_ENTRY, BUFFER_BYTES, BUFFER_SHIFT, ENTRY_BUFFER, ENTRY_BYTES, ENTRY_LENGTH, ENTRY_NEXT, ENTRY_OFFSET, ENTRY_SHIFT, NO_BUFFER, OFFER_ADDRESS, OFFER_BYTES, OFFER_LENGTH, OFFER_QUEUE, OFFER_SHIFT, PLACED, STAMP_OPTION_BYTES, STAMP_OPTIONS, STAMP_TIME_HIGH, STAMP_TIME_LOW } from './layout.as';
import { BLOCK_LENGTH, BLOCK_TYPE, ENHANCED_PACKET_BLOCK, EPB_BYTES, EPB_CAPTURED, EPB_INTERFACE, EPB_ORIGINAL, EPB_PACKET, EPB_TIME_HIGH, EPB_TIME_LOW } from './wire.as';

export function encode(
  batch: usize,
  first: i32,
  count: i32,
  queue: i32,
  buffers: usize,
  links: usize,
  stamp: usize,
  to: usize,
): i32 {
  let block = to;
  let entry = batch + BATCH_FIRST_ENTRY + (<usize>first << ENTRY_SHIFT);
  const end = entry + (<usize>count << ENTRY_SHIFT);
  for (; entry < end; entry += ENTRY_BYTES) {
    const length = load<i32>(entry, ENTRY_LENGTH);
    const offset = load<i32>(entry, ENTRY_OFFSET);
    const done = min(length, BUFFER_BYTES - offset);
    move(block + EPB_PACKET, buffers + (load<usize>(entry, ENTRY_BUFFER) << BUFFER_SHIFT) + offset, done);
    const next = load<i32>(entry, ENTRY_NEXT);
    if (next != NO_BUFFER) moveFragments(block + EPB_PACKET, next, done, length, buffers, links);
    block += enclose(block, queue, length, length, stamp);
  }
  return <i32>(block - to);
}

/** All buffers of a frame but the first, which held `done` bytes. */
function moveFragments(packet: usize, next: i32, done: i32, length: i32, buffers: usize, links: usize): void {
  while (next != NO_BUFFER) {
    const part = min(length - done, BUFFER_BYTES);
    move(packet + done, buffers + (<usize>next << BUFFER_SHIFT), part);
    done += part;
    next = load<i32>(links + (<usize>next << 2));
  }
}

export function encodeOffers(offers: usize, count: i32, stamp: usize, to: usize): i32 {
  let block = to;
  const end = offers + (<usize>count << OFFER_SHIFT);
  for (let offer = offers; offer < end; offer += OFFER_BYTES) {
    const queue = load<i32>(offer, OFFER_QUEUE);
    if (queue == PLACED) continue;
    const length = load<i32>(offer, OFFER_LENGTH);
    move(block + EPB_PACKET, load<usize>(offer, OFFER_ADDRESS), length);
    number(offer, block + EPB_PACKET);
    block += enclose(block, queue, length, length, stamp);
  }
  return <i32>(block - to);
}

export function encodeFrame(frame: usize, length: i32, wireLength: i32, queue: i32, stamp: usize, to: usize): i32 {
  move(to + EPB_PACKET, frame, length);
  return enclose(to, queue, length, wireLength, stamp);
}

/** Everything of a block but the packet, which stands in it already. @returns the block's length */
@inline
function enclose(block: usize, queue: i32, captured: i32, original: i32, stamp: usize): i32 {
  const padded = (captured + 3) & ~3;
  for (let at = captured; at < padded; at++) store<u8>(block + at, 0, EPB_PACKET);
  const optionBytes = load<i32>(stamp, STAMP_OPTION_BYTES);
  if (optionBytes > 0) move(block + EPB_PACKET + padded, load<usize>(stamp, STAMP_OPTIONS), optionBytes);
  const total = EPB_BYTES + padded + optionBytes;
  store<i32>(block, ENHANCED_PACKET_BLOCK, BLOCK_TYPE);
  store<i32>(block, total, BLOCK_LENGTH);
  store<i32>(block, queue, EPB_INTERFACE);
  store<i32>(block, load<i32>(stamp, STAMP_TIME_HIGH), EPB_TIME_HIGH);
  store<i32>(block, load<i32>(stamp, STAMP_TIME_LOW), EPB_TIME_LOW);
  store<i32>(block, captured, EPB_CAPTURED);
  store<i32>(block, original, EPB_ORIGINAL);
  store<i32>(block + total - 4, total);
  return total;
}

/** Moves exactly `length` bytes: by 16, and the last 16 once more where the length is no multiple of it. */
@inline
function move(to: usize, from: usize, length: i32): void {
  let left = length;
  for (; left >= 16; left -= 16, from += 16, to += 16) v128.store(to, v128.load(from));
  if (left == 0) return;
  if (length >= 16) v128.store(to + left - 16, v128.load(from + left - 16));
  else for (let i = 0; i < left; i++) store<u8>(to + i, load<u8>(from + i));
}

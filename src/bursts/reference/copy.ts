// Hot. Runs on: NIC (in tests).
// The device's DMA: offers → posted buffers and their descriptors.

import { alignUp } from '../../memory/layout.js';
import type { Views } from '../../memory/views.js';
import {
  BUFFER_BYTES,
  DESCRIPTOR_BUFFER,
  DESCRIPTOR_BYTES,
  DESCRIPTOR_FLAGS,
  DESCRIPTOR_HASH,
  DESCRIPTOR_LENGTH,
  FLAG_EOP,
  OFFER_ADDRESS,
  OFFER_BYTES,
  OFFER_HASH,
  OFFER_LENGTH,
  OFFER_QUEUE,
  OFFER_SEQUENCE,
  OFFER_SEQUENCE_OFFSET,
  PLACED,
} from '../layout.js';
import { addressAt, setWord, wordAt } from './memory.js';

export function copy(
  views: Views,
  offers: number,
  count: number,
  queue: number,
  descriptors: number,
  mask: number,
  head: number,
  posted: number,
  buffers: number,
  copied: number,
): number {
  let cursor = head;
  let frames = 0;
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    const offer = offers + i * OFFER_BYTES;
    if (wordAt(views, offer + OFFER_QUEUE) !== queue) continue;
    const length = wordAt(views, offer + OFFER_LENGTH);
    const needed = Math.max(1, Math.ceil(length / BUFFER_BYTES)); // a frame without bytes has a descriptor too
    if (((posted - cursor) | 0) < needed) break;
    for (let fragment = 0; fragment < needed; fragment++) {
      const slot = descriptors + (cursor & mask) * DESCRIPTOR_BYTES;
      place(views, offer, fragment, fragment === needed - 1, slot, buffers);
      cursor = (cursor + 1) | 0;
    }
    setWord(views, offer + OFFER_QUEUE, PLACED);
    frames++;
    bytes += length;
  }
  setWord(views, copied, frames);
  setWord(views, copied + 4, bytes);
  return cursor;
}

/** Copies one buffer's share of a frame and says so in the descriptor. */
function place(views: Views, offer: number, fragment: number, isLast: boolean, slot: number, buffers: number): void {
  const done = fragment * BUFFER_BYTES;
  const length = Math.min(wordAt(views, offer + OFFER_LENGTH) - done, BUFFER_BYTES);
  const buffer = buffers + addressAt(views, slot + DESCRIPTOR_BUFFER) * BUFFER_BYTES;
  move(views, buffer, addressAt(views, offer + OFFER_ADDRESS) + done, length);
  if (fragment === 0) number(views, offer, buffer);
  setWord(views, slot + DESCRIPTOR_LENGTH, length);
  setWord(views, slot + DESCRIPTOR_HASH, wordAt(views, offer + OFFER_HASH));
  setWord(views, slot + DESCRIPTOR_FLAGS, isLast ? FLAG_EOP : 0);
}

/** Moves `length` bytes rounded up to 16, as the twin does, whose moves are of 16 bytes. */
function move(views: Views, to: number, from: number, length: number): void {
  for (let i = 0; i < alignUp(length, 16); i++) views.bytes[to + i] = views.bytes[from + i]!;
}

/** Writes the offer's sequence number into its frame, and behind it its complement, both little-endian. */
export function number(views: Views, offer: number, buffer: number): void {
  const at = wordAt(views, offer + OFFER_SEQUENCE_OFFSET);
  if (at === 0) return;
  const sequence = wordAt(views, offer + OFFER_SEQUENCE);
  for (let i = 0; i < 4; i++) {
    views.bytes[buffer + at + i] = sequence >> (i * 8);
    views.bytes[buffer + at + 4 + i] = ~sequence >> (i * 8);
  }
}

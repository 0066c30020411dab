// Hot. Runs on: CPU n (encode), NIC (encodeOffers, encodeFrame); in tests.
// Packets → Enhanced Packet Blocks of a pcapng file, one behind the other.

import { alignUp } from '../../memory/layout.js';
import type { Views } from '../../memory/views.js';
import {
  BATCH_FIRST_ENTRY,
  BUFFER_BYTES,
  ENTRY_BUFFER,
  ENTRY_BYTES,
  ENTRY_LENGTH,
  ENTRY_NEXT,
  ENTRY_OFFSET,
  NO_BUFFER,
  OFFER_ADDRESS,
  OFFER_BYTES,
  OFFER_LENGTH,
  OFFER_QUEUE,
  PLACED,
  STAMP_OPTION_BYTES,
  STAMP_OPTIONS,
  STAMP_TIME_HIGH,
  STAMP_TIME_LOW,
} from '../layout.js';
import {
  BLOCK_LENGTH,
  BLOCK_TYPE,
  ENHANCED_PACKET_BLOCK,
  EPB_BYTES,
  EPB_CAPTURED,
  EPB_INTERFACE,
  EPB_ORIGINAL,
  EPB_PACKET,
  EPB_TIME_HIGH,
  EPB_TIME_LOW,
} from '../wire.js';
import { number } from './copy.js';
import { addressAt, setWord, wordAt } from './memory.js';

export function encode(
  views: Views,
  batch: number,
  first: number,
  count: number,
  queue: number,
  buffers: number,
  links: number,
  stamp: number,
  to: number,
): number {
  let block = to;
  for (let i = first; i < first + count; i++) {
    const entry = batch + BATCH_FIRST_ENTRY + i * ENTRY_BYTES;
    moveEntry(views, entry, block + EPB_PACKET, buffers, links);
    const length = wordAt(views, entry + ENTRY_LENGTH);
    block += enclose(views, block, queue, length, length, stamp);
  }
  return block - to;
}

export function encodeOffers(views: Views, offers: number, count: number, stamp: number, to: number): number {
  let block = to;
  for (let i = 0; i < count; i++) {
    const offer = offers + i * OFFER_BYTES;
    const queue = wordAt(views, offer + OFFER_QUEUE);
    if (queue === PLACED) continue;
    const length = wordAt(views, offer + OFFER_LENGTH);
    move(views, block + EPB_PACKET, addressAt(views, offer + OFFER_ADDRESS), length);
    number(views, offer, block + EPB_PACKET);
    block += enclose(views, block, queue, length, length, stamp);
  }
  return block - to;
}

export function encodeFrame(
  views: Views,
  frame: number,
  length: number,
  wireLength: number,
  queue: number,
  stamp: number,
  to: number,
): number {
  move(views, to + EPB_PACKET, frame, length);
  return enclose(views, to, queue, length, wireLength, stamp);
}

/** All fragments of a frame, which its buffers hold in turn. */
function moveEntry(views: Views, entry: number, packet: number, buffers: number, links: number): void {
  const length = wordAt(views, entry + ENTRY_LENGTH);
  const offset = wordAt(views, entry + ENTRY_OFFSET);
  let done = Math.min(length, BUFFER_BYTES - offset);
  move(views, packet, buffers + addressAt(views, entry + ENTRY_BUFFER) * BUFFER_BYTES + offset, done);
  let buffer = wordAt(views, entry + ENTRY_NEXT);
  while (buffer !== NO_BUFFER) {
    const part = Math.min(length - done, BUFFER_BYTES);
    move(views, packet + done, buffers + buffer * BUFFER_BYTES, part);
    done += part;
    buffer = wordAt(views, links + buffer * 4);
  }
}

/** Everything of a block but the packet, which stands in it already. @returns the block's length */
function enclose(
  views: Views,
  block: number,
  queue: number,
  captured: number,
  original: number,
  stamp: number,
): number {
  const padded = alignUp(captured, 4);
  const optionBytes = wordAt(views, stamp + STAMP_OPTION_BYTES);
  const total = EPB_BYTES + padded + optionBytes;
  views.bytes.fill(0, block + EPB_PACKET + captured, block + EPB_PACKET + padded);
  move(views, block + EPB_PACKET + padded, addressAt(views, stamp + STAMP_OPTIONS), optionBytes);
  setWord(views, block + BLOCK_TYPE, ENHANCED_PACKET_BLOCK);
  setWord(views, block + BLOCK_LENGTH, total);
  setWord(views, block + EPB_INTERFACE, queue);
  setWord(views, block + EPB_TIME_HIGH, wordAt(views, stamp + STAMP_TIME_HIGH));
  setWord(views, block + EPB_TIME_LOW, wordAt(views, stamp + STAMP_TIME_LOW));
  setWord(views, block + EPB_CAPTURED, captured);
  setWord(views, block + EPB_ORIGINAL, original);
  setWord(views, block + total - 4, total);
  return total;
}

function move(views: Views, to: number, from: number, length: number): void {
  for (let i = 0; i < length; i++) views.bytes[to + i] = views.bytes[from + i]!;
}

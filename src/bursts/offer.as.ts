// Hot. Runs on: NIC.
// From a device's frame table to offers: hash, queue, sequence number.

import {
  BAD_LENGTH,
  FRAME_ADDRESS,
  FRAME_BYTES_MAX,
  FRAME_COUNTER,
  FRAME_LENGTH,
  FRAME_RECORD_BYTES,
  FRAME_RECORD_SHIFT,
  FRAME_SEQUENCE_OFFSET,
  OFFER_ADDRESS,
  OFFER_BYTES,
  OFFER_HASH,
  OFFER_LENGTH,
  OFFER_QUEUE,
  OFFER_SEQUENCE,
  OFFER_SEQUENCE_OFFSET,
  OFFER_SHIFT,
  RSS_INDIRECTION,
  RSS_INDIRECTION_ENTRIES,
} from './layout.as';
import { rssHash } from './rss.as';

export function offer(table: usize, tableLength: i32, first: i32, count: i32, offers: usize, rss: usize): i32 {
  const tableEnd = table + (<usize>tableLength << FRAME_RECORD_SHIFT);
  const offersEnd = offers + (<usize>count << OFFER_SHIFT);
  let record = table + (<usize>first << FRAME_RECORD_SHIFT);
  let bytes = 0;
  for (let to = offers; to < offersEnd; to += OFFER_BYTES) {
    const frame = load<usize>(record, FRAME_ADDRESS);
    const length = load<i32>(record, FRAME_LENGTH);
    const hash = rssHash(frame, length, rss);
    const bucket = hash & (RSS_INDIRECTION_ENTRIES - 1);
    store<usize>(to, frame, OFFER_ADDRESS);
    store<i32>(to, length, OFFER_LENGTH);
    store<u32>(to, hash, OFFER_HASH);
    const queue = load<i32>(rss + (bucket << 2), RSS_INDIRECTION);
    store<i32>(to, <u32>(length - 1) < <u32>FRAME_BYTES_MAX ? queue : BAD_LENGTH, OFFER_QUEUE);
    number(record, to);
    bytes += length;
    record += FRAME_RECORD_BYTES;
    if (record == tableEnd) record = table;
  }
  return bytes;
}

/** Takes the flow's next sequence number, if the flow is numbered. */
@inline
function number(record: usize, to: usize): void {
  const counter = load<usize>(record, FRAME_COUNTER);
  if (counter == 0) {
    store<u64>(to, 0, OFFER_SEQUENCE);
    return;
  }
  const sequence = load<u32>(counter);
  store<u32>(counter, sequence + 1);
  store<u32>(to, sequence, OFFER_SEQUENCE);
  store<i32>(to, load<i32>(record, FRAME_SEQUENCE_OFFSET), OFFER_SEQUENCE_OFFSET);
}

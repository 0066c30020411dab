// Hot. Runs on: NIC (in tests).
// From a device's frame table to offers: hash, queue, sequence number.

import type { Views } from '../../memory/views.js';
import {
  BAD_LENGTH,
  FRAME_ADDRESS,
  FRAME_BYTES_MAX,
  FRAME_COUNTER,
  FRAME_LENGTH,
  FRAME_RECORD_BYTES,
  FRAME_SEQUENCE_OFFSET,
  OFFER_ADDRESS,
  OFFER_BYTES,
  OFFER_HASH,
  OFFER_LENGTH,
  OFFER_QUEUE,
  OFFER_SEQUENCE,
  OFFER_SEQUENCE_OFFSET,
  RSS_INDIRECTION,
  RSS_INDIRECTION_ENTRIES,
} from '../layout.js';
import { addressAt, setWord, wordAt } from './memory.js';
import { rssHash } from './rss.js';

export function offer(
  views: Views,
  table: number,
  tableLength: number,
  first: number,
  count: number,
  offers: number,
  rss: number,
): number {
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    const record = table + ((first + i) % tableLength) * FRAME_RECORD_BYTES;
    const to = offers + i * OFFER_BYTES;
    const frame = addressAt(views, record + FRAME_ADDRESS);
    const length = wordAt(views, record + FRAME_LENGTH);
    const hash = rssHash(views, frame, length, rss);
    const bucket = hash & (RSS_INDIRECTION_ENTRIES - 1);
    setWord(views, to + OFFER_ADDRESS, frame);
    setWord(views, to + OFFER_LENGTH, length);
    setWord(views, to + OFFER_HASH, hash);
    const isFrame = length > 0 && length <= FRAME_BYTES_MAX;
    setWord(views, to + OFFER_QUEUE, isFrame ? wordAt(views, rss + RSS_INDIRECTION + bucket * 4) : BAD_LENGTH);
    number(views, record, to);
    bytes += length;
  }
  return bytes;
}

/** Takes the flow's next sequence number, if the flow is numbered. */
function number(views: Views, record: number, to: number): void {
  const counter = addressAt(views, record + FRAME_COUNTER);
  if (counter === 0) {
    setWord(views, to + OFFER_SEQUENCE, 0);
    setWord(views, to + OFFER_SEQUENCE_OFFSET, 0);
    return;
  }
  const sequence = wordAt(views, counter);
  setWord(views, counter, sequence + 1);
  setWord(views, to + OFFER_SEQUENCE, sequence);
  setWord(views, to + OFFER_SEQUENCE_OFFSET, wordAt(views, record + FRAME_SEQUENCE_OFFSET));
}

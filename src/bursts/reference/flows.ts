// Hot. Runs on: CPU n (in tests).
// Entries → their flows' counts.

import { DOUBLE_BYTES } from '../../memory/layout.js';
import type { Views } from '../../memory/views.js';
import {
  BATCH_FIRST_ENTRY,
  BUCKET_BYTES,
  BUCKET_COUNTS,
  BUCKET_FLOWS,
  BUCKET_SLOTS,
  BUFFER_BYTES,
  ENTRY_BUFFER,
  ENTRY_BYTES,
  ENTRY_HEADERS,
  ENTRY_LENGTH,
  ENTRY_OFFSET,
  ENTRY_PROTOCOL,
  FLOW_BYTES,
  FLOW_ERROR,
  FLOW_PACKETS,
  FLOWS_EVICTED,
  FLOWS_EVICTIONS,
  FLOWS_FIRST_BUCKET,
  FLOWS_NO_FLOW,
  FLOWS_SEEN,
  FLOWS_TOUCHED,
  KEY_BYTES,
  PROTOCOL_IPV4,
  PROTOCOL_IPV6,
  SEEN_BUCKET,
  SEEN_BYTES,
  SEEN_HASH,
  SEEN_LENGTH,
} from '../layout.js';
import { writeKey } from './flow-key.js';
import { addressAt, setWord, wordAt } from './memory.js';

export function flows(
  views: Views,
  batch: number,
  count: number,
  buffers: number,
  table: number,
  mask: number,
): number {
  const seen = see(views, batch, count, buffers, table, mask);
  for (let i = 0; i < seen; i++) {
    const record = table + FLOWS_SEEN + i * SEEN_BYTES;
    const bucket = addressAt(views, record + SEEN_BUCKET);
    const place = placeOf(views, bucket, record) ?? newPlace(views, table, bucket, record);
    add(views, bytesOf(bucket, place), wordAt(views, record + SEEN_LENGTH));
    add(views, slotOf(bucket, place) + FLOW_PACKETS, 1);
  }
  add(views, table + FLOWS_NO_FLOW, count - seen);
  return seen;
}

/** Writes a record for each entry that is IP. @returns how many there are */
function see(views: Views, batch: number, count: number, buffers: number, table: number, mask: number): number {
  let seen = 0;
  let touched = 0;
  for (let i = 0; i < count; i++) {
    const entry = batch + BATCH_FIRST_ENTRY + i * ENTRY_BYTES;
    if ((wordAt(views, entry + ENTRY_PROTOCOL) & (PROTOCOL_IPV4 | PROTOCOL_IPV6)) === 0) continue;
    const record = table + FLOWS_SEEN + seen * SEEN_BYTES;
    const hash = keyOf(views, entry, buffers, record);
    const bucket = table + FLOWS_FIRST_BUCKET + ((hash >>> 1) & mask) * BUCKET_BYTES;
    setWord(views, record + SEEN_HASH, hash);
    setWord(views, record + SEEN_LENGTH, wordAt(views, entry + ENTRY_LENGTH));
    setWord(views, record + SEEN_BUCKET, bucket);
    touched += wordAt(views, bucket);
    seen++;
  }
  setWord(views, table + FLOWS_TOUCHED, touched);
  return seen;
}

/** @returns the hash */
function keyOf(views: Views, entry: number, buffers: number, key: number): number {
  const offset = wordAt(views, entry + ENTRY_OFFSET);
  const length = wordAt(views, entry + ENTRY_LENGTH);
  const headers = wordAt(views, entry + ENTRY_HEADERS);
  const address = buffers + addressAt(views, entry + ENTRY_BUFFER) * BUFFER_BYTES + offset;
  const frame = { views, address, visible: Math.min(length, BUFFER_BYTES - offset), length };
  return writeKey(key, frame, headers & 0xffff, headers >>> 16);
}

function placeOf(views: Views, bucket: number, record: number): number | null {
  const tag = wordAt(views, record + SEEN_HASH);
  for (let place = 0; place < BUCKET_FLOWS; place++) {
    if (wordAt(views, bucket + place * 4) === tag && isSame(views, slotOf(bucket, place), record)) return place;
  }
  return null;
}

function isSame(views: Views, slot: number, key: number): boolean {
  for (let at = 0; at < KEY_BYTES; at += 4) if (wordAt(views, slot + at) !== wordAt(views, key + at)) return false;
  return true;
}

function newPlace(views: Views, table: number, bucket: number, record: number): number {
  let place = 0;
  while (place < BUCKET_FLOWS && wordAt(views, bucket + place * 4) !== 0) place++;
  if (place === BUCKET_FLOWS) place = evict(views, table, bucket);
  const slot = slotOf(bucket, place);
  for (let at = 0; at < KEY_BYTES; at += 4) setWord(views, slot + at, wordAt(views, record + at));
  setDouble(views, slot + FLOW_PACKETS, 0);
  setDouble(views, slot + FLOW_ERROR, doubleAt(views, bytesOf(bucket, place)));
  setWord(views, bucket + place * 4, wordAt(views, record + SEEN_HASH));
  return place;
}

/** @returns the place of the flow with the fewest bytes, the first of equals */
function evict(views: Views, table: number, bucket: number): number {
  const bytes = Array.from({ length: BUCKET_FLOWS }, (_, place) => doubleAt(views, bytesOf(bucket, place)));
  const place = bytes.indexOf(Math.min(...bytes));
  add(views, table + FLOWS_EVICTIONS, 1);
  add(views, table + FLOWS_EVICTED, doubleAt(views, slotOf(bucket, place) + FLOW_PACKETS));
  return place;
}

function slotOf(bucket: number, place: number): number {
  return bucket + BUCKET_SLOTS + place * FLOW_BYTES;
}

function bytesOf(bucket: number, place: number): number {
  return bucket + BUCKET_COUNTS + place * DOUBLE_BYTES;
}

function doubleAt(views: Views, address: number): number {
  return views.doubles[address / DOUBLE_BYTES]!;
}

function setDouble(views: Views, address: number, value: number): void {
  views.doubles[address / DOUBLE_BYTES] = value;
}

function add(views: Views, address: number, amount: number): void {
  setDouble(views, address, doubleAt(views, address) + amount);
}

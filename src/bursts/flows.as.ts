// Hot. Runs on: CPU n.
// Entries → their flows' counts: first the keys of all and their buckets' first line, so that the cache misses overlap;
// then flow by flow.
//
// A full table stays honest by Space-Saving (Metwally, Agrawal, El Abbadi: Efficient Computation of Frequent and Top-k
// Elements in Data Streams, 2005), within each bucket: a newcomer takes the place of the smallest and inherits its bytes,
// as error. So a flow's true bytes are within BYTES - ERROR … BYTES; what is not in a bucket has no more bytes than the
// smallest there; and who has more than a sixteenth of its bucket's bytes is there.

import { add, bytesOf, NOWHERE, newPlace, placeOf, slotOf } from './flow-bucket.as';
import { writeKey } from './flow-key.as';
import {
  BATCH_FIRST_ENTRY,
  BUCKET_BYTES,
  BUFFER_BYTES,
  BUFFER_SHIFT,
  ENTRY_BUFFER,
  ENTRY_BYTES,
  ENTRY_HEADERS,
  ENTRY_LENGTH,
  ENTRY_OFFSET,
  ENTRY_PROTOCOL,
  ENTRY_SHIFT,
  FLOW_PACKETS,
  FLOWS_FIRST_BUCKET,
  FLOWS_NO_FLOW,
  FLOWS_SEEN,
  FLOWS_TOUCHED,
  PROTOCOL_IPV4,
  PROTOCOL_IPV6,
  SEEN_BUCKET,
  SEEN_BYTES,
  SEEN_HASH,
  SEEN_LENGTH,
} from './layout.as';

export function flows(batch: usize, count: i32, buffers: usize, table: usize, mask: i32): i32 {
  const end = see(batch, count, buffers, table, mask);
  for (let record = table + FLOWS_SEEN; record < end; record += SEEN_BYTES) {
    const bucket = load<usize>(record, SEEN_BUCKET);
    let place = placeOf(bucket, record);
    if (place == NOWHERE) place = newPlace(table, bucket, record);
    add(bytesOf(bucket, place), <f64>load<i32>(record, SEEN_LENGTH));
    add(slotOf(bucket, place) + FLOW_PACKETS, 1);
  }
  const seen = <i32>((end - table - FLOWS_SEEN) / SEEN_BYTES);
  add(table + FLOWS_NO_FLOW, <f64>(count - seen));
  return seen;
}

/** Writes a record for each entry that is IP. @returns the end of the last */
@inline
function see(batch: usize, count: i32, buffers: usize, table: usize, mask: i32): usize {
  let record = table + FLOWS_SEEN;
  let touched = 0;
  const end = batch + BATCH_FIRST_ENTRY + (<usize>count << ENTRY_SHIFT);
  for (let entry = batch + BATCH_FIRST_ENTRY; entry < end; entry += ENTRY_BYTES) {
    if (!(load<i32>(entry, ENTRY_PROTOCOL) & (PROTOCOL_IPV4 | PROTOCOL_IPV6))) continue;
    const hash = keyOf(entry, buffers, record);
    const bucket = table + FLOWS_FIRST_BUCKET + <usize>((hash >> 1) & mask) * BUCKET_BYTES;
    store<u32>(record, hash, SEEN_HASH);
    store<i32>(record, load<i32>(entry, ENTRY_LENGTH), SEEN_LENGTH);
    store<usize>(record, bucket, SEEN_BUCKET);
    touched += load<i32>(bucket);
    record += SEEN_BYTES;
  }
  store<i32>(table, touched, FLOWS_TOUCHED);
  return record;
}

/** @returns the hash */
@inline
function keyOf(entry: usize, buffers: usize, key: usize): u32 {
  const offset = load<i32>(entry, ENTRY_OFFSET);
  const frame = buffers + (load<usize>(entry, ENTRY_BUFFER) << BUFFER_SHIFT) + offset;
  const headers = load<u32>(entry, ENTRY_HEADERS);
  const visible = min(load<i32>(entry, ENTRY_LENGTH), BUFFER_BYTES - offset);
  return writeKey(key, frame, headers & 0xffff, headers >> 16, visible);
}
